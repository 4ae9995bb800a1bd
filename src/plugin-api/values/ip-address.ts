import { isIPv4 } from 'node:net';

const V6_GROUPS = 8;
/** The last 32 bits of an IPv6 address may be written as an IPv4 address. */
const DOTTED_TAIL = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/;
const MAPPED = '::ffff:';
const MAPPED_TEXT = /^::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}$/;

/** The text of the IPv4 address in the four bytes at `at`. */
export function textOfV4(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}

/** The text of the IPv6 address in the 16 bytes at `at`, as {@link canonicalV6}. */
export function textOfV6(bytes: Buffer, at: number): string {
  const groups: string[] = [];
  for (let group = 0; group < V6_GROUPS; group += 1)
    groups.push(bytes.readUInt16BE(at + 2 * group).toString(16));
  return canonicalV6(groups.join(':'));
}

/** The one text of an IPv6 address that all its spellings share, without a zone: RFC 5952, always in hexadecimal digits. */
export function canonicalV6(text: string): string {
  return new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}

/** The plain IPv4 address, where a text of {@link canonicalV6} is one that IPv6 maps (RFC 4291, section 2.5.5.2); any other text as it is. */
export function unmapped(address: string): string {
  return MAPPED_TEXT.test(address) ? textOfV4(bytesOfV6(address), 2 * V6_GROUPS - 4) : address;
}

/** The 4 or 16 bytes of a valid address without zone. */
export function bytesOf(address: string): Buffer {
  return isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : bytesOfV6(address);
}

/** The 16 bytes of a valid address without zone; those of an IPv4 address in its IPv6-mapped form. */
export function bytesAsV6(address: string): Buffer {
  return bytesOfV6(isIPv4(address) ? `${MAPPED}${address}` : address);
}

function bytesOfV6(address: string): Buffer {
  const [head = '', tail] = withoutDots(address).split('::');
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  const bytes = Buffer.alloc(2 * V6_GROUPS);
  for (const [index, group] of first.entries()) bytes.writeUInt16BE(group, 2 * index);
  for (const [index, group] of last.entries())
    bytes.writeUInt16BE(group, 2 * (V6_GROUPS - last.length + index));
  return bytes;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** Writes an IPv4 address at the end as two groups of hexadecimal digits. */
function withoutDots(address: string): string {
  const [, head, dotted] = DOTTED_TAIL.exec(address) ?? [];
  if (head === undefined || dotted === undefined) return address;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${head}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
