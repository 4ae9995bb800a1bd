/**
 * How one imaginary receiver reads HTTP/1: each knob is a point where real receivers are known to differ. The reader that
 * follows it (`read-messages.ts`) shares no code with the proxy's parser, so that they do not share its mistakes.
 */
export interface Reading {
  readonly name: string;
  /** crlf: CRLF alone. lf: LF, with any CRs before it. any: CR, LF or CRLF. unicode: also VT, FF, FS, GS, RS and NEL. */
  readonly lineEnds: 'crlf' | 'lf' | 'any' | 'unicode';
  /** The bytes that may come before a request: empty lines as the standard has them, or any CRs and LFs. */
  readonly emptyLines: 'crlf' | 'any';
  /** How a start line is cut: at exactly one space, or at any run of white space. */
  readonly startLine: 'single-space' | 'white-space';
  /** Whether only HTTP/1.0 and HTTP/1.1 are understood, or HTTP/1.2 to 1.9 as 1.1 too, or whatever looks like a version. */
  readonly versions: 'known' | 'minor' | 'any';
  /** token: anything else is refused. trimmed: white space before the colon is left out. stripped: all bytes that no token has are. */
  readonly names: 'token' | 'trimmed' | 'stripped';
  /** Whether `_` in a name counts as `-`, as in environment variables of CGI. */
  readonly underscores: boolean;
  /** plain: control bytes are refused. blanked: those but CR and NUL count as blanks. stripped: they and white space beyond ASCII are trimmed from both ends. */
  readonly values: 'plain' | 'blanked' | 'stripped';
  /** refused, or a line is taken as ended there, as in C strings. */
  readonly nul: 'refused' | 'ends-line';
  /** A line that begins with white space: refused, joined to the line before, or a line like any other. */
  readonly folds: 'refused' | 'joined' | 'line';
  /** A line without colon. */
  readonly colonless: 'refused' | 'skipped';
  /** Several Content-Lengths, or a list in one. same: equal ones count as one. */
  readonly lengths: 'refused' | 'same' | 'first' | 'last';
  /** digits: nothing else. prefix: what follows the first digits is ignored. c: like C's strtol with base 0. wrap: modulo 2^32. */
  readonly number: 'digits' | 'prefix' | 'c' | 'wrap';
  /** When a Transfer-Encoding means chunked: strict refuses all but `chunked`; the others ignore what they do not match. */
  readonly coding: 'strict' | 'exact-bytes' | 'contains' | 'first' | 'last' | 'any';
  /** Content-Length and Transfer-Encoding together. */
  readonly both: 'refused' | 'length' | 'coding';
  /** HTTP/1.0 with Transfer-Encoding. */
  readonly coding10: 'refused' | 'ignored' | 'obeyed';
  readonly chunkLines: 'crlf' | 'lf' | 'any';
  /** hex: digits and well-formed extensions. extended: digits and any extension. loose: the same, and white space behind the digits. prefix: what follows the first digits is ignored. wrap: modulo 2^32. */
  readonly chunkSize: 'hex' | 'extended' | 'loose' | 'prefix' | 'wrap';
  /** After the bytes of a chunk: CRLF; CRLF or LF; two bytes of any kind; or any line break, or none. */
  readonly chunkEnd: 'crlf' | 'lf' | 'two-bytes' | 'optional';
  /** Whether GET, HEAD, DELETE, OPTIONS and TRACE are taken to have no body, whatever their fields say. */
  readonly bodiless: boolean;
  /** Several Hosts. */
  readonly hosts: 'refused' | 'first' | 'last';
}

/** RFC 9112 to the letter, with the choice to refuse wherever it gives one. */
export const STRICT: Reading = {
  name: 'strict',
  lineEnds: 'crlf',
  emptyLines: 'crlf',
  startLine: 'single-space',
  versions: 'known',
  names: 'token',
  underscores: false,
  values: 'plain',
  nul: 'refused',
  folds: 'refused',
  colonless: 'refused',
  lengths: 'refused',
  number: 'digits',
  coding: 'strict',
  both: 'refused',
  coding10: 'refused',
  chunkLines: 'crlf',
  chunkSize: 'hex',
  chunkEnd: 'crlf',
  bodiless: false,
  hosts: 'refused',
};

/** Takes whatever can be taken somehow. */
export const LENIENT: Reading = {
  name: 'lenient, coding wins',
  lineEnds: 'lf',
  emptyLines: 'any',
  startLine: 'white-space',
  versions: 'any',
  names: 'stripped',
  underscores: false,
  values: 'stripped',
  nul: 'ends-line',
  folds: 'joined',
  colonless: 'skipped',
  lengths: 'last',
  number: 'prefix',
  coding: 'contains',
  both: 'coding',
  coding10: 'obeyed',
  chunkLines: 'lf',
  chunkSize: 'prefix',
  chunkEnd: 'optional',
  bodiless: false,
  hosts: 'last',
};

const strictBut = (name: string, changes: Partial<Reading>): Reading => ({ ...STRICT, ...changes, name });
const lenientBut = (name: string, changes: Partial<Reading>): Reading => ({ ...LENIENT, ...changes, name });

/** Receivers that must all see the same requests in what the proxy forwards: a difference is a way to smuggle. */
export const LENIENT_READINGS: readonly Reading[] = [
  LENIENT,
  lenientBut('lenient, length wins', {
    both: 'length',
    lengths: 'first',
    hosts: 'first',
    coding10: 'ignored',
  }),
  lenientBut('lenient, CR ends lines', { lineEnds: 'any', chunkLines: 'any' }),
  lenientBut('lenient, CRLF alone ends lines', { lineEnds: 'crlf', chunkLines: 'crlf' }),
  lenientBut('lenient, folded lines are lines', { folds: 'line', both: 'length' }),
  lenientBut('lenient, any coding is chunked', { coding: 'any' }),
  lenientBut('lenient, NUL is nothing special', { nul: 'refused', values: 'plain', names: 'token' }),
  strictBut('length wins', { both: 'length' }),
  strictBut('coding wins', { both: 'coding' }),
  strictBut('LF ends lines', { lineEnds: 'lf', chunkLines: 'lf' }),
  strictBut('CR ends lines', { lineEnds: 'any', chunkLines: 'any' }),
  strictBut('white space anywhere in the start line', { startLine: 'white-space', versions: 'any' }),
  strictBut('names are stripped', { names: 'stripped', colonless: 'skipped', both: 'coding' }),
  strictBut('values are stripped', { values: 'stripped', both: 'coding' }),
  strictBut('NUL ends a line', { nul: 'ends-line', values: 'stripped' }),
  strictBut('folded lines are joined', { folds: 'joined' }),
  strictBut('folded lines are lines', { folds: 'line', both: 'coding' }),
  strictBut('the first length', { lengths: 'first', number: 'prefix' }),
  strictBut('the last length', { lengths: 'last', number: 'prefix' }),
  strictBut('lengths as in C', { number: 'c' }),
  strictBut('codings byte by byte', { coding: 'exact-bytes', both: 'coding' }),
  strictBut('the first coding', { coding: 'first', both: 'coding' }),
  strictBut('the last coding', { coding: 'last', both: 'coding' }),
  strictBut('HTTP/1.0 has no codings', { coding10: 'ignored', both: 'length' }),
  strictBut('chunk sizes up to the last digit', { chunkSize: 'prefix', chunkLines: 'lf' }),
  strictBut('chunk sizes of 32 bits', { chunkSize: 'wrap' }),
  strictBut('two bytes after each chunk', { chunkEnd: 'two-bytes' }),
  strictBut('no line break after a chunk', { chunkEnd: 'optional', chunkLines: 'any' }),
];

/** Receivers that break the standard where it leaves no doubt; what they would misread is shown, but no proxy can forward it all away. */
export const BROKEN_READINGS: readonly Reading[] = [
  strictBut('underscores are dashes', { underscores: true, both: 'coding', lengths: 'last', hosts: 'last' }),
  strictBut('Unicode ends lines', {
    lineEnds: 'unicode',
    both: 'coding',
    colonless: 'skipped',
    folds: 'line',
  }),
  strictBut('GET has no body', { bodiless: true }),
  strictBut('lengths of 32 bits', { number: 'wrap' }),
];

/**
 * Irregular requests that may be repaired, because nothing irregular goes on: line breaks before a request, runs of blanks in
 * its first line, chunk extensions of any form, and HTTP/1.2 to 1.9.
 */
export const REPAIRABLE: Reading = strictBut('repairable', {
  emptyLines: 'any',
  startLine: 'white-space',
  versions: 'minor',
  chunkSize: 'extended',
});

/** Irregular responses that may be repaired, because they have one safe reading (RFC 9112 2.2, 5.1, 5.2, 6.1, 6.3). */
export const REPAIRABLE_RESPONSE: Reading = strictBut('repairable response', {
  lineEnds: 'lf',
  startLine: 'white-space',
  versions: 'minor',
  names: 'trimmed',
  values: 'blanked',
  folds: 'joined',
  lengths: 'same',
  both: 'coding',
  coding10: 'obeyed',
  chunkLines: 'lf',
  chunkSize: 'loose',
  chunkEnd: 'lf',
});
