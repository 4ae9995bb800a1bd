import { Incomplete, Refused, valuesOf, type Framing, type ReadField, type ReadMessage } from './message.ts';
import { isHost, nextLine, readFields, readHead, type ReadHead } from './read-head.ts';
import type { Reading } from './reading.ts';

/** All that a reading finds in the bytes of one direction of a connection. */
export interface ReadStream {
  readonly messages: readonly ReadMessage[];
  /** Whether the last message is followed by nothing, by the beginning of another one, or by bytes that are refused. */
  readonly state: 'complete' | 'incomplete' | 'refused';
  readonly why: string;
  /** Where reading stopped. */
  readonly at: number;
}

const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Reads requests until the bytes end or can't be understood. */
export function readRequests(text: string, reading: Reading, from = 0): ReadStream {
  return readAll(text, from, (at) => {
    const head = readHead(text, at, 'request', reading);
    if (head.version === '') return message(head, 'none', head.end, '', []);
    checkHosts(head, reading);
    const framing = requestFraming(head, reading);
    return withBody(text, head, framing, reading);
  });
}

/** Reads responses to requests of these methods; `ended` when the sender has closed. */
export function readResponses(
  text: string,
  methods: readonly string[],
  ended: boolean,
  reading: Reading,
): ReadStream {
  let answered = 0;
  return readAll(text, 0, (at) => {
    const head = readHead(text, at, 'response', reading);
    const method = methods[answered] ?? 'GET';
    const { status } = head;
    if (status >= 200 || status === 101) answered += 1;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      return message(head, 'none', head.end, '', []);
    }
    const framing = framingOf(head, reading) ?? ({ kind: 'close' } as const);
    if (framing.kind !== 'close') return withBody(text, head, framing, reading);
    if (!ended) throw new Incomplete();
    return message(head, 'close', text.length, text.slice(head.end), []);
  });
}

function readAll(text: string, from: number, read: (at: number) => ReadMessage): ReadStream {
  const messages: ReadMessage[] = [];
  let at = from;
  try {
    while (at < text.length) {
      const found = read(at);
      messages.push(found);
      at = found.end;
    }
    return { messages, state: 'complete', why: '', at };
  } catch (error) {
    if (error instanceof Incomplete) {
      // Empty lines between requests belong to nobody.
      const state = /^[\r\n]*$/.test(text.slice(at)) ? 'complete' : 'incomplete';
      return { messages, state, why: '', at };
    }
    if (error instanceof Refused) return { messages, state: 'refused', why: error.message, at };
    throw error;
  }
}

interface Length {
  readonly kind: 'length';
  readonly length: number;
}
type BodyFraming =
  Length | { readonly kind: 'chunked' } | { readonly kind: 'none' } | { readonly kind: 'close' };

function requestFraming(head: ReadHead, reading: Reading): BodyFraming {
  if (reading.bodiless && BODILESS.has(head.method)) return { kind: 'none' };
  return framingOf(head, reading) ?? { kind: 'none' };
}

/** undefined: the head says nothing. */
function framingOf(head: ReadHead, reading: Reading): BodyFraming | undefined {
  const lengths = valuesOf(head, 'content-length');
  const codings = valuesOf(head, 'transfer-encoding');
  const old = head.version === 'HTTP/1.0' || head.version === 'HTTP/0.9';
  if (codings.length > 0 && old && reading.coding10 === 'refused') throw new Refused('a coding in HTTP/1.0');
  const codingCounts = codings.length > 0 && !(old && reading.coding10 === 'ignored');
  if (codingCounts && lengths.length > 0 && reading.both === 'refused')
    throw new Refused('a length and a coding');
  const chunked = codingCounts && isChunked(codings, reading);
  if (chunked && !(reading.both === 'length' && lengths.length > 0)) return { kind: 'chunked' };
  const length = lengthOf(lengths, reading);
  if (length === undefined) return undefined;
  return { kind: 'length', length };
}

function isChunked(values: readonly string[], reading: Reading): boolean {
  const list = values.flatMap((value) => value.split(',')).map((coding) => coding.trim());
  switch (reading.coding) {
    case 'strict':
      if (list.length !== 1 || list[0]?.toLowerCase() !== 'chunked')
        throw new Refused('another coding than chunked');
      return true;
    case 'exact-bytes':
      return values.includes('chunked');
    case 'contains':
      return values.some((value) => /chunked/i.test(value));
    case 'first':
      return list[0]?.toLowerCase() === 'chunked';
    case 'last':
      return list.at(-1)?.toLowerCase() === 'chunked';
    case 'any':
      return true;
  }
}

function lengthOf(values: readonly string[], reading: Reading): number | undefined {
  if (values.length === 0) return undefined;
  if (reading.lengths === 'refused' && values.length > 1) throw new Refused('several lengths');
  const list = reading.lengths === 'refused' ? values : values.flatMap((value) => value.split(','));
  if (reading.lengths === 'same' && new Set(list.map((each) => wholeNumber(each.trim()))).size > 1)
    throw new Refused('different lengths');
  const value = (reading.lengths === 'first' ? list[0] : list.at(-1)) ?? '';
  switch (reading.number) {
    case 'digits':
      return wholeNumber(value.trim());
    case 'prefix':
      return Number(/^[\s+]*(\d+)/.exec(value)?.[1] ?? 0);
    case 'c':
      return asInC(value);
    case 'wrap':
      return Number(BigInt(wholeDigits(value)) % 2n ** 32n);
  }
}

function wholeDigits(value: string): string {
  if (!/^\d+$/.test(value)) throw new Refused('a length that is no number');
  return value;
}

function wholeNumber(value: string): number {
  const number = Number(wholeDigits(value));
  if (!Number.isSafeInteger(number)) throw new Refused('a length beyond counting');
  return number;
}

function asInC(value: string): number {
  const digits = /^\s*[+]?(0x[0-9a-f]+|\d+)/i.exec(value)?.[1] ?? '0';
  if (/^0x/i.test(digits)) return Number.parseInt(digits, 16);
  return Number.parseInt(digits, digits.startsWith('0') ? 8 : 10) || 0;
}

function withBody(text: string, head: ReadHead, framing: BodyFraming, reading: Reading): ReadMessage {
  if (framing.kind === 'chunked') return chunkedBody(text, head, reading);
  if (framing.kind !== 'length') return message(head, 'none', head.end, '', []);
  const end = head.end + framing.length;
  if (end > text.length) throw new Incomplete();
  return message(head, 'length', end, text.slice(head.end, end), []);
}

function chunkedBody(text: string, head: ReadHead, reading: Reading): ReadMessage {
  let body = '';
  for (let at = head.end; ;) {
    const line = nextLine(text, at, reading.chunkLines, reading.nul);
    const size = chunkSize(line.text, reading);
    at = line.next;
    if (size === 0) {
      const { fields, next } = readFields(text, at, reading);
      return message(head, 'chunked', next, body, fields);
    }
    if (at + size > text.length) throw new Incomplete();
    body += text.slice(at, at + size);
    at = behindChunk(text, at + size, reading);
  }
}

const EXTENSIONS =
  /^(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/;
const LOOSE_EXTENSIONS = /^[ \t]*(?:;[\t -~\x80-\xff]*)?$/;
const ANY_EXTENSIONS = /^(?:[ \t]*;[\t -~\x80-\xff]*)?$/;

function chunkSize(line: string, reading: Reading): number {
  if (reading.chunkSize === 'prefix') {
    const digits = /^[\s+]*(?:0x)?([0-9a-f]+)/i.exec(line)?.[1];
    if (digits === undefined) throw new Refused('a chunk size that is no number');
    return Number.parseInt(digits, 16);
  }
  const digits = /^[0-9a-f]+/i.exec(line)?.[0] ?? '';
  if (digits === '') throw new Refused('a chunk size that is no number');
  const allowed =
    reading.chunkSize === 'loose'
      ? LOOSE_EXTENSIONS
      : reading.chunkSize === 'extended'
        ? ANY_EXTENSIONS
        : EXTENSIONS;
  if (!allowed.test(line.slice(digits.length))) throw new Refused('a malformed chunk extension');
  if (reading.chunkSize === 'wrap') return Number(BigInt(`0x${digits}`) % 2n ** 32n);
  const size = Number.parseInt(digits, 16);
  if (!Number.isSafeInteger(size)) throw new Refused('a chunk size beyond counting');
  return size;
}

function behindChunk(text: string, at: number, reading: Reading): number {
  if (reading.chunkEnd === 'optional')
    return at + (/^(?:\r\n|\r|\n)?/.exec(text.slice(at, at + 2))?.[0].length ?? 0);
  if (reading.chunkEnd === 'lf' && text[at] === '\n') return at + 1;
  if (at + 2 > text.length) throw new Incomplete();
  if (reading.chunkEnd !== 'two-bytes' && text.slice(at, at + 2) !== '\r\n')
    throw new Refused('no CRLF after a chunk');
  return at + 2;
}

function checkHosts(head: ReadHead, reading: Reading): void {
  const hosts = valuesOf(head, 'host');
  if (reading.hosts !== 'refused') return;
  if (hosts.length > 1) throw new Refused('several Hosts');
  if (hosts.length === 0 && head.version === 'HTTP/1.1') throw new Refused('no Host');
  if (hosts.some((host) => !isHost(host))) throw new Refused('a malformed Host');
}

/** The host that a request is for: the field's, as this reading chooses among several. */
export function hostOf(request: ReadMessage, reading: Reading): string {
  const hosts = valuesOf(request, 'host');
  return (reading.hosts === 'first' ? hosts[0] : hosts.at(-1)) ?? '';
}

function message(
  head: ReadHead,
  framing: Framing,
  end: number,
  body: string,
  trailers: readonly ReadField[],
): ReadMessage {
  const { start, startLine, method, target, status, version, fields } = head;
  return { start, end, startLine, method, target, status, version, fields, framing, body, trailers };
}
