import { Incomplete, Refused, type ReadField } from './message.ts';
import type { Reading } from './reading.ts';

/** The text of a head as some reading takes it. */
export interface ReadHead {
  readonly start: number;
  /** Behind the empty line. */
  readonly end: number;
  readonly startLine: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly version: string;
  readonly fields: readonly ReadField[];
}

interface Line {
  readonly text: string;
  readonly next: number;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_TOKEN_BYTES = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/g;
/** Control bytes but the tab. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const REQUEST_LINE = /^([^ ]+) ([^ ]+) ([^ ]+)$/;
const STATUS_LINE = /^(HTTP\/\d\.\d) (\d{3})(?: (.*))?$/s;
const LOOSE_STATUS_LINE = /^(HTTP\/\d\.\d)[ \t]+(\d{3})(?: (.*))?$/s;
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?$/;

/** Where the next line ends; throws {@link Incomplete} when that has not arrived. */
export function nextLine(text: string, at: number, ends: Reading['lineEnds'], nul: Reading['nul']): Line {
  const line = cutLine(text, at, ends);
  const zero = nul === 'ends-line' ? line.text.indexOf('\0') : -1;
  return zero < 0 ? line : { text: line.text.slice(0, zero), next: line.next };
}

function cutLine(text: string, at: number, ends: Reading['lineEnds']): Line {
  if (ends === 'crlf') {
    const end = text.indexOf('\r\n', at);
    if (end < 0) throw new Incomplete();
    return { text: text.slice(at, end), next: end + 2 };
  }
  if (ends === 'lf') {
    const end = text.indexOf('\n', at);
    if (end < 0) throw new Incomplete();
    return { text: text.slice(at, end).replace(/\r+$/, ''), next: end + 1 };
  }
  const pattern = ends === 'any' ? /\r\n|\r|\n/g : /\r\n|[\r\n\v\f\x1c-\x1e\x85]/g;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) throw new Incomplete();
  return { text: text.slice(at, match.index), next: match.index + match[0].length };
}

export function readHead(
  text: string,
  from: number,
  kind: 'request' | 'response',
  reading: Reading,
): ReadHead {
  let start = from;
  if (reading.emptyLines === 'any') start += /^[\r\n]*/.exec(text.slice(from))?.[0].length ?? 0;
  let line = nextLine(text, start, reading.lineEnds, reading.nul);
  while (line.text === '' && kind === 'request') {
    start = line.next;
    line = nextLine(text, start, reading.lineEnds, reading.nul);
  }
  const first = kind === 'request' ? requestLine(line.text, reading) : statusLine(line.text, reading);
  // A request of HTTP/0.9 is one line.
  if (first.version === '') return { ...first, start, end: line.next, startLine: line.text, fields: [] };
  const { fields, next } = readFields(text, line.next, reading);
  return { ...first, start, end: next, startLine: line.text, fields };
}

/** Field lines up to and with the empty line; also the trailers of a chunked body. */
export function readFields(
  text: string,
  from: number,
  reading: Reading,
): { fields: ReadField[]; next: number } {
  const lines: string[] = [];
  for (let at = from; ;) {
    const line = nextLine(text, at, reading.lineEnds, reading.nul);
    at = line.next;
    if (line.text === '') return { fields: fieldsOf(lines, reading), next: at };
    if (/^[ \t]/.test(line.text)) {
      if (reading.folds === 'refused') throw new Refused('a folded line');
      const before = lines.pop();
      if (reading.folds === 'joined' && before !== undefined) {
        lines.push(`${before} ${line.text}`);
        continue;
      }
      if (before !== undefined) lines.push(before);
    }
    lines.push(line.text);
  }
}

type StartLine = Pick<ReadHead, 'method' | 'target' | 'status' | 'version'>;

function requestLine(text: string, reading: Reading): StartLine {
  const parts =
    reading.startLine === 'single-space' ? REQUEST_LINE.exec(text)?.slice(1) : loosely(text, reading);
  const [method = '', target = '', version = ''] = parts ?? [];
  if (method === '' || target === '') throw new Refused('a malformed request line');
  if (reading.versions !== 'any') {
    checkVersion(version, reading);
    if (!TOKEN.test(method)) throw new Refused('a method that is no token');
    if (/[\0-\x20\x7f]/.test(target)) throw new Refused('a control byte in the target');
  }
  return { method, target, version: knownVersion(version, reading), status: 0 };
}

function checkVersion(version: string, reading: Reading): void {
  const known = knownVersion(version, reading);
  if (known !== 'HTTP/1.1' && known !== 'HTTP/1.0') throw new Refused('an unknown version');
}

/** The version that a message of this one is read as. */
function knownVersion(version: string, reading: Reading): string {
  return reading.versions === 'minor' ? version.replace(/^HTTP\/1\.[2-9]$/, 'HTTP/1.1') : version;
}

/** Cuts at white space: a strict one at blanks, a lenient one at whatever looks blank. */
function loosely(text: string, reading: Reading): string[] {
  const isStrict = reading.versions !== 'any';
  const blank = isStrict ? / +/ : /[ \t\v\f\r\0]+/;
  const parts = text.split(blank).filter((part, index) => part !== '' || (index === 0 && isStrict));
  if (isStrict) return parts.length === 3 ? parts : [];
  if (parts.length === 2) return parts;
  const last = parts.at(-1) ?? '';
  const version = parts.length > 2 && /^[A-Za-z]+\//.test(last) ? last : '';
  return [parts[0] ?? '', parts[1] ?? '', version];
}

function statusLine(text: string, reading: Reading): StartLine {
  const match =
    (reading.startLine === 'single-space' ? STATUS_LINE : LOOSE_STATUS_LINE).exec(text) ??
    (reading.versions === 'any' ? /^(HTTP\/\S+)\s+(\d+)(.*)$/s.exec(text) : null);
  if (match === null) throw new Refused('a malformed status line');
  const [, version = '', status = '', reason = ''] = match;
  if (reading.versions !== 'any') {
    checkVersion(version, reading);
    if (isRefusedText(reason, reading)) throw new Refused('a control byte in the reason');
    if (Number(status) < 100) throw new Refused('a status below 100');
  }
  return { method: '', target: '', version: knownVersion(version, reading), status: Number(status) };
}

function fieldsOf(lines: readonly string[], reading: Reading): ReadField[] {
  const fields: ReadField[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) {
      if (reading.colonless === 'refused') throw new Refused('a line without colon');
      continue;
    }
    const name = nameOf(line.slice(0, colon), reading);
    if (name !== '') fields.push({ name, value: valueOf(line.slice(colon + 1), reading) });
  }
  return fields;
}

function nameOf(written: string, reading: Reading): string {
  const raw = reading.names === 'trimmed' ? written.replace(/[ \t]+$/, '') : written;
  if (reading.names !== 'stripped' && !TOKEN.test(raw)) throw new Refused('a name that is no token');
  const name = raw.replace(NO_TOKEN_BYTES, '').toLowerCase();
  return reading.underscores ? name.replaceAll('_', '-') : name;
}

function valueOf(raw: string, reading: Reading): string {
  if (reading.values === 'stripped')
    return raw.replace(/^[\0-\x20\x7f\x85\xa0]+|[\0-\x20\x7f\x85\xa0]+$/g, '');
  if (isRefusedText(raw, reading)) throw new Refused('a control byte in a value');
  return raw.replace(/[\x01-\x08\x0b-\x1f\x7f]/g, ' ').replace(/^[ \t]+|[ \t]+$/g, '');
}

function isRefusedText(text: string, reading: Reading): boolean {
  return (reading.values === 'blanked' ? /[\r\0]/ : CONTROL).test(text);
}

export function isHost(text: string): boolean {
  return HOST.test(text);
}
