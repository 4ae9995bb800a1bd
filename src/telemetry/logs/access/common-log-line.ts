import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import type { LineOf } from './access-line.ts';

/** What needs no escape between quotes: printable ASCII but `"` and `\`. */
const PLAIN = /^[ !#-[\]-~]*$/;
const ESCAPED = /[^ !#-[\]-~]/gu;
const MAX_VALUE_LENGTH = 4096;
const MAX_ADDRESS_LENGTH = 100;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `192.168.1.100 - - [17/Nov/2025:15:00:01 +0000] "GET /api/users?page=2 HTTP/1.1" 200 1234`, with secrets in the query hidden. */
export function commonLine(): LineOf<ExchangeRecord> {
  const time = commonTime();
  return (record, timestamp) => `${commonPart(record, time(timestamp))}\n`;
}

/** The common format with the Referer, without its query, and the user agent. */
export function combinedLine(): LineOf<ExchangeRecord> {
  const time = commonTime();
  return (record, timestamp) =>
    `${commonPart(record, time(timestamp))} "${quotable(record.referer)}" "${quotable(record.userAgent)}"\n`;
}

function commonPart(record: ExchangeRecord, time: string): string {
  const { method, path, query = '', protocol, bytesSent } = record;
  const target = query === '' ? quotable(path) : `${quotable(path)}?${quotable(query)}`;
  const request = method === '' ? '-' : `${quotable(method)} ${target} ${quotable(protocol)}`;
  const bytes = bytesSent === 0 ? '-' : String(bytesSent);
  return `${address(record.clientAddress)} - - [${time}] "${request}" ${record.status} ${bytes}`;
}

/** Turns `2025-11-17T15:00:01Z` into `17/Nov/2025:15:00:01 +0000`, once a second. */
function commonTime(): (timestamp: string) => string {
  let last = '';
  let text = '';
  return (timestamp) => {
    if (timestamp !== last) {
      last = timestamp;
      const month = MONTHS[Number(timestamp.slice(5, 7)) - 1] ?? '-';
      text = `${timestamp.slice(8, 10)}/${month}/${timestamp.slice(0, 4)}:${timestamp.slice(11, 19)} +0000`;
    }
    return text;
  };
}

/** Stands without quotes, so that it must be one word. */
function address(clientAddress: string): string {
  return clientAddress === '' ? '-' : clientAddress.slice(0, MAX_ADDRESS_LENGTH).replace(/[^\w.:%-]/g, '?');
}

/** What may stand between quotes; bytes that could end the line or act on a terminal as `\x1b`. */
function quotable(value: string | undefined): string {
  if (value === undefined || value === '') return '-';
  if (value.length > MAX_VALUE_LENGTH) return quotable(value.slice(0, MAX_VALUE_LENGTH));
  return PLAIN.test(value) ? value : value.replace(ESCAPED, escapeBytes);
}

function escapeBytes(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  let text = '';
  for (const byte of Buffer.from(character)) text += `\\x${byte.toString(16).padStart(2, '0')}`;
  return text;
}
