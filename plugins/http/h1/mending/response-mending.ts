import type { FieldLine } from '../../message/trailers.ts';
import { FieldLines, withoutControls } from './field-lines.ts';
import type { Mending, Unmended } from './mending.ts';

const CR = 0x0d;
const LF = 0x0a;

const VERSION = 'HTTP/1.';
const VERSION_BEGINNING = /^HTTP\/1\.(?:\d(?:[ \t]|$)|$)/;
/** A status line. Several blanks may follow the version (RFC 9112 4), and the reason may be missing. */
const STATUS_LINE = /^HTTP\/1\.(\d)[ \t]+(\d{3})(?: ([^]*))?$/;
/** A value of Content-Length with one number, or with the same number several times (RFC 9110 8.6). */
const LENGTHS = /^\d+(?:[ \t]*,[ \t]*\d+)*$/;

/**
 * Reads the head of a response that the parser refused, and writes in plain form what has one safe reading: LF alone as a line end,
 * HTTP/1.2 to 1.9, white space before a colon, folded lines, control bytes (RFC 9112 2.2, 4, 5.1, 5.2; RFC 9110 2.5), several equal
 * lengths, and a length beside `chunked`, where `chunked` counts (RFC 9110 8.6; RFC 9112 6.3). The parser then reads the plain form as
 * strictly as any other head.
 *
 * @param bytes from the first byte of the response on
 */
export function mendResponseHead(bytes: Buffer): Mending {
  const begun = bytes.toString('latin1', 0, VERSION.length + 2);
  if (!VERSION.startsWith(begun) && !VERSION_BEGINNING.test(begun)) return 'not ours';
  const lineEnd = bytes.indexOf(LF);
  if (lineEnd < 0) return undefined;
  const statusLine = plainStatusLine(withoutCr(bytes.latin1Slice(0, lineEnd)));
  if (typeof statusLine !== 'string') return statusLine;
  const end = headEnd(bytes, lineEnd);
  if (end < 0) return undefined;
  const fields = new FieldLines(true);
  let at = lineEnd + 1;
  for (const line of bytes.latin1Slice(at, end).split('\n').slice(0, -2)) {
    if (!fields.add(withoutCr(line))) return moved(fields.fault as Unmended, at);
    at += line.length + 1;
  }
  const framed = plainFraming(fields.lines);
  if (typeof framed === 'string')
    return { rule: 'content_length', reason: framed, at: lengthAt(bytes.latin1Slice(0, end)) };
  const text = framed.map(({ name, rest }) => `${name}:${rest}\r\n`).join('');
  return { text: `${statusLine}\r\n${text}\r\n`, length: end, method: '' };
}

function moved({ rule, reason, at }: Unmended, by: number): Unmended {
  return { rule, reason, at: by + at };
}

/**
 * The index of the first length that is not a number, or that differs from those before it; else of the end of the first line with a
 * length.
 */
function lengthAt(head: string): number {
  let first: bigint | undefined;
  let lineEnd = -1;
  for (const line of head.matchAll(/\n(content-length[ \t]*:)([^\r\n]*)/gi)) {
    const [whole, name = '', value = ''] = line;
    const valueAt = line.index + 1 + name.length;
    if (lineEnd < 0) lineEnd = line.index + whole.length;
    for (const { 0: length, index } of value.matchAll(/[^ \t,]+/g)) {
      const odd = length.search(/\D/);
      if (odd >= 0) return valueAt + index + odd;
      first ??= BigInt(length);
      if (BigInt(length) !== first) return valueAt + index;
    }
  }
  return lineEnd;
}

/** The index after the empty line that ends the head; -1 while that line has not arrived. */
function headEnd(bytes: Buffer, firstLineEnd: number): number {
  for (let at = firstLineEnd; at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** The status line in a form that the parser accepts, without its line end. */
function plainStatusLine(line: string): string | Unmended {
  const worst = line.search(/[\r\0]/);
  if (worst >= 0) return { rule: 'status_line', reason: 'the status line holds a bare CR or NUL', at: worst };
  const match = STATUS_LINE.exec(line);
  if (match === null) return { rule: 'status_line', reason: 'the status line is malformed', at: line.length };
  const [, minor, status = '', reason = ''] = match;
  return `HTTP/1.${minor === '0' ? '0' : '1'} ${status} ${withoutControls(reason)}`;
}

/** The fields with at most one length, and with none beside a coding. A string is the reason why that is impossible. */
function plainFraming(fields: readonly FieldLine[]): readonly FieldLine[] | string {
  const lengths = fields.filter(({ name }) => name.toLowerCase() === 'content-length');
  if (lengths.length === 0) return fields;
  const isCoded = fields.some(({ name }) => name.toLowerCase() === 'transfer-encoding');
  if (isCoded) return fields.filter((field) => !lengths.includes(field));
  const all = lengths.map(({ rest }) => rest.replace(/^[ \t]+|[ \t]+$/g, '')).join(',');
  if (!LENGTHS.test(all)) return 'Content-Length is no number';
  const [first, ...others] = new Set(all.split(',').map((length) => BigInt(length.trim())));
  if (others.length > 0) return 'there are different Content-Lengths';
  const [kept] = lengths;
  return fields
    .filter((field) => field === kept || !lengths.includes(field))
    .map((field) => (field === kept ? { name: field.name, rest: ` ${String(first)}` } : field));
}
