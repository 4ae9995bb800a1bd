import { isIPv4, isIPv6 } from 'node:net';

import { crc32cWithZeros } from '../../src/net/proxy-protocol/crc32c.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const LONGEST_V1 = 107;
const LONGEST_V2 = 4096;
/** By the byte of the family: bytes of both addresses with their ports, and where the ports are. */
const FAMILIES: Readonly<
  Record<number, { readonly sizeBytes: number; readonly portsAt: number | undefined }>
> = {
  0x11: { sizeBytes: 12, portsAt: 8 },
  0x21: { sizeBytes: 36, portsAt: 32 },
  0x31: { sizeBytes: 216, portsAt: undefined },
};

/**
 * A second reader of PROXY headers, written from proxy-protocol.txt in another way than the product's. Says `more`, `refused`, or how long
 * the header is and which ports it carries.
 */
export function strictlyReadHeader(bytes: Buffer): string {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === 0x50) return readLine(bytes.toString('latin1'));
  return bytes[0] === SIGNATURE[0] ? readBinary(bytes) : 'refused';
}

function readLine(text: string): string {
  const [, rest, end] = /^PROXY ([ -~]*)(\r\n)/.exec(text) ?? [];
  if (rest === undefined || end === undefined)
    return canBeBegun(text) && text.length < LONGEST_V1 ? 'more' : 'refused';
  const sizeBytes = 'PROXY '.length + rest.length + end.length;
  if (sizeBytes > LONGEST_V1) return 'refused';
  if (/^UNKNOWN(?: |$)/.test(rest)) return `${sizeBytes} bytes: nobody`;
  const words = /^(TCP[46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})$/.exec(rest);
  const [, protocol, from = '', to = '', ...ports] = words ?? [];
  const isAddress = (word: string): boolean =>
    protocol === 'TCP4' ? isIPv4(word) : isIPv6(word) && !word.includes('%');
  const isPort = (port: string): boolean => String(Number(port)) === port && Number(port) < 65_536;
  const isGood = words !== null && isAddress(from) && isAddress(to) && ports.every(isPort);
  return isGood ? `${sizeBytes} bytes: ${ports.join(' ')}` : 'refused';
}

/** Whether the text may be the beginning of a line. */
function canBeBegun(text: string): boolean {
  return 'PROXY '.startsWith(text) || /^PROXY [ -~]*\r?$/.test(text);
}

function readBinary(bytes: Buffer): string {
  if (!bytes.subarray(0, 12).equals(SIGNATURE.subarray(0, bytes.length))) return 'refused';
  const [command, family] = [bytes[12], bytes[13]];
  if (command === undefined) return 'more';
  if (command !== 0x20 && command !== 0x21) return 'refused';
  const isLocal = command === 0x20;
  if (family !== undefined && !isLocal && ![0, 1, 2, 0x10, 0x11, 0x20, 0x21, 0x30, 0x31].includes(family))
    return 'refused';
  if (bytes.length < 16 || family === undefined) return 'more';
  const sizeBytes = 16 + bytes.readUInt16BE(14);
  if (sizeBytes > LONGEST_V2) return 'refused';
  if (bytes.length < sizeBytes) return 'more';
  if (isLocal) return `${sizeBytes} bytes: local`;
  const form = FAMILIES[family];
  if (form === undefined) return `${sizeBytes} bytes: nobody`;
  const body = bytes.subarray(16, sizeBytes);
  if (body.length < form.sizeBytes || !hasGoodRecords(bytes.subarray(0, sizeBytes), 16 + form.sizeBytes))
    return 'refused';
  // A unix socket has no port.
  const ports =
    form.portsAt === undefined
      ? '0 0'
      : `${body.readUInt16BE(form.portsAt)} ${body.readUInt16BE(form.portsAt + 2)}`;
  return `${sizeBytes} bytes: ${ports}`;
}

function hasGoodRecords(header: Buffer, start: number): boolean {
  const records = walk(header, start, header.length);
  if (records === undefined) return false;
  const checksums = records.filter(({ type }) => type === 3);
  if (checksums.length > 1) return false;
  return records.every(({ type, at, end }) => {
    if (type === 3) return end - at === 4 && header.readUInt32BE(at) === crc32cWithZeros(header, at);
    if (type === 5) return end - at <= 128;
    return type !== 0x20 || (end - at >= 5 && walk(header, at + 5, end) !== undefined);
  });
}

/** The records in `[start, end)`; undefined when the last one is cut off. */
function walk(bytes: Buffer, start: number, end: number) {
  const records: { type: number; at: number; end: number }[] = [];
  for (let next = start; next !== end;) {
    if (next + 3 > end) return undefined;
    const at = next + 3;
    next = at + bytes.readUInt16BE(at - 2);
    if (next > end) return undefined;
    records.push({ type: bytes.readUInt8(at - 3), at, end: next });
  }
  return records;
}
