import { excerpt, excerptUpTo, valueExcerpt } from '../../message/refusal/excerpt.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';
import { NUMBERS_A_FIELD } from '../../message/field-section.ts';
import type { MessageFault } from '../../message/refusal/refusal.ts';
import type { Head } from './head.ts';

/** A rule of the parser: words in its own reason, and the reason as operators and clients read it. */
type ParserRule = readonly [rule: RefusalRule, parserWords: RegExp, reason: string];

const FOLDED = 'a field line is folded';
const TLS_REASON = 'the bytes are a TLS handshake';
/** The rules that the parser may find broken; the first whose words it says counts. */
const RULES: readonly ParserRule[] = [
  ['two_lengths', /can't be present with/, 'the head has both Content-Length and Transfer-Encoding'],
  ['content_length', /Content-Length/, 'Content-Length is not one number'],
  ['transfer_encoding', /Transfer-Encoding/, 'Transfer-Encoding is malformed'],
  ['folded_field', /Unexpected whitespace after header value/, FOLDED],
  ['field_name', /header token|header field char/, 'a field name is malformed'],
  ['field_value', /header value char/, 'a field value holds a control byte'],
  ['line_end', /CR|LF|space after start line/, 'a line does not end in CR and LF'],
  ['method', /method|Invalid word/, 'the method is malformed'],
  ['status_line', /status|response line/i, 'the status line is malformed'],
  ['version', /version|Expected HTTP|Expected dot|RTSP|ICE\//i, 'the HTTP version is missing or malformed'],
  ['target', /url/, 'the request target is malformed'],
  ['syntax', /^/, 'the bytes are no HTTP message'],
];
const LF = 0x0a;
const BLANK = 0x20;
const TAB = 0x09;
/** The first bytes of a TLS handshake. */
const TLS = [0x16, 0x03];
/** How many bytes are shown when they do not begin like a message: they may be secrets. */
const MOST_OF_GARBAGE = 8;
/** The beginning of a start line: a method or a version, and a blank. */
const LOOKS_LIKE_START = /^(?:[A-Z-]{1,24}|HTTP\/\d\.\d) /;
/** The reason when the size of a chunk is malformed. */
const CHUNK_SIZE = 'chunk size';
/** The most digits that a chunk's size has. */
const MOST_DIGITS = 16;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*/;

/** The fault of a head that the parser refused at `bytes[at]`, for a reason in its own words. `bytes` begins with the head. */
export function parserFault(parserWords: string, bytes: Buffer, at: number): MessageFault {
  const [rule, , reason] = RULES.find(([, words]) => words.test(parserWords)) as ParserRule;
  return headFault(rule, reason, bytes, at);
}

/** The fault of a head at `bytes[at]`. `bytes` begins with the head. */
export function headFault(rule: RefusalRule, reason: string, bytes: Buffer, at: number): MessageFault {
  if (TLS.every((byte, i) => bytes[i] === byte)) {
    return {
      rule: 'tls',
      reason: TLS_REASON,
      field: '',
      excerpt: excerpt(bytes.toString('latin1', 0, MOST_OF_GARBAGE)),
    };
  }
  const start = lineStart(bytes, at);
  // The fault is in the start line. Line breaks may come before that line.
  if (/^[\r\n]*$/.test(bytes.toString('latin1', 0, Math.min(start, MOST_OF_GARBAGE)))) {
    const line = bytes.toString('latin1', start, at);
    const shown = LOOKS_LIKE_START.test(line)
      ? excerptUpTo('', line, bytes[at])
      : excerpt(bytes.toString('latin1', start, start + MOST_OF_GARBAGE));
    return { rule, reason, field: '', excerpt: shown };
  }
  return fieldFault(rule, reason, bytes, at);
}

/** The fault of a chunked body at `bytes[at]`. No byte of the body itself is shown. */
export function chunkFault(reason: string, bytes: Buffer, at: number): MessageFault {
  const digits = bytes.toString('latin1', Math.max(0, at - MOST_DIGITS), at);
  const size = reason.includes(CHUNK_SIZE) ? (/[0-9A-Fa-f]*$/.exec(digits)?.[0] ?? '') : '';
  return { rule: 'chunk', reason, field: '', excerpt: excerptUpTo('', size, bytes[at]) };
}

/** The fault of a line of the trailers at `line[at]`. */
export function trailerFault(reason: string, line: string, at: number): MessageFault {
  return fieldFault('trailer', reason, Buffer.from(line, 'latin1'), at);
}

/** The fault of a complete head with a folded field. */
export function foldedFault(head: Head): MessageFault {
  for (let field = 0; field < head.fields; field++) {
    const value = head.valueText(field);
    if (!/[\r\n]/.test(value)) continue;
    const name = head.nameText(field);
    return { rule: 'folded_field', reason: FOLDED, field: name, excerpt: valueExcerpt(name, value) };
  }
  return { rule: 'folded_field', reason: FOLDED, field: '', excerpt: '' };
}

/** The fault of a head, or of trailers, that are too large. It names the largest field. */
export function oversizeFault(rule: RefusalRule, reason: string, head: Head): MessageFault {
  let largest = -1;
  let most = 0;
  for (let field = 0; field < head.fields; field++) {
    const at = field * NUMBERS_A_FIELD;
    const size = (head.offsets[at + 3] as number) - (head.offsets[at] as number);
    if (size > most) [largest, most] = [field, size];
  }
  return { rule, reason, field: largest < 0 ? '' : head.nameText(largest), excerpt: '' };
}

function fieldFault(rule: RefusalRule, reason: string, bytes: Buffer, at: number): MessageFault {
  let start = lineStart(bytes, at);
  // A line that begins with a blank continues the field of the line before.
  while (start > 0 && (bytes[start] === BLANK || bytes[start] === TAB)) start = lineStart(bytes, start - 1);
  const line = bytes.toString('latin1', start, at);
  const field = NAME.exec(line)?.[0] ?? '';
  const colon = line.indexOf(':');
  const before = colon < 0 ? line.slice(field.length) : line.slice(colon + 1).trimStart();
  return { rule, reason, field, excerpt: excerptUpTo(field, before, bytes[at]) };
}

/** The index of the first byte of the line that holds `bytes[at]`. */
function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(LF, at - 1) + 1;
}
