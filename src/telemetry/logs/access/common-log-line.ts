import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import type { LineOf } from './access-line.ts';

/** Text that needs no escapes between quotes: printable ASCII except `"` and `\`. */
const PLAIN = /^[ !#-[\]-~]*$/;
const ESCAPED = /[^ !#-[\]-~]/gu;
const MAX_VALUE_LENGTH = 4096;
const MAX_ADDRESS_LENGTH = 100;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Returns the formatter of the common log format:
 * `192.168.1.100 - - [17/Nov/2025:15:00:01 +0000] "GET /api/users?page=2 HTTP/1.1" 200 1234`. Secrets in the query are hidden.
 */
export function commonLine(): LineOf<ExchangeRecord> {
  const time = commonTime();
  return (record, timestamp) => `${commonPart(record, time(timestamp))}\n`;
}

/** Returns the formatter of the combined log format: the common one, then the Referer without its query, then the user agent. */
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

/** Returns a function that turns `2025-11-17T15:00:01Z` into `17/Nov/2025:15:00:01 +0000`. It formats anew only when the second changes. */
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

/** The client's address. It is written without quotes, so it must not contain spaces or quotes. */
function address(clientAddress: string): string {
  return clientAddress === '' ? '-' : clientAddress.slice(0, MAX_ADDRESS_LENGTH).replace(/[^\w.:%-]/g, '?');
}

/** A value to be written between quotes. Bytes that could end the line or control a terminal are written as `\x1b`. */
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
