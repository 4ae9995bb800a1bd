/** How the bytes of a case reach the proxy: at once, in two pieces around the end of the head, or one by one. */
export type Delivery = 'whole' | 'two-pieces' | 'single-bytes';

/** One attempt to make two readers disagree; bytes are latin1 text. */
export interface RequestCase {
  readonly index: number;
  readonly family: string;
  readonly what: string;
  readonly bytes: string;
  readonly delivery: Delivery;
}

/** One attempt of a family: its description, and the bytes. */
export type Attempt = readonly [what: string, bytes: string];

export type Attempts = Iterable<Attempt>;

/** The request behind each case. A proxy that reads the case as its author means it answers this one as well, and closes. */
export const CANARY = 'GET /canary HTTP/1.1\r\nHost: canary.test\r\nConnection: close\r\n\r\n';

/** A request that hides in a body: nobody may ever run it. */
export const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: hidden.test\r\nX-Hidden: 1\r\n\r\n';

export const HOST_LINE = 'Host: subject.test\r\n';

export interface Draft {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** The whole first line without its end, instead of the three above. */
  readonly startLine?: string;
  /** The end of the first line. */
  readonly startLineEnd?: string;
  /** Field lines, each with its end. */
  readonly lines?: string;
  readonly host?: string;
  readonly headEnd?: string;
  readonly body?: string;
  /** The bytes after the request. Default: the canary. */
  readonly behind?: string;
}

/** The bytes of a request, with any part of it as an attacker wants it. */
export function draft(parts: Draft): string {
  const { method = 'POST', target = '/subject', version = 'HTTP/1.1' } = parts;
  const startLine = parts.startLine ?? `${method} ${target} ${version}`;
  const {
    startLineEnd = '\r\n',
    lines = '',
    host = HOST_LINE,
    headEnd = '\r\n',
    body = '',
    behind = CANARY,
  } = parts;
  return startLine + startLineEnd + host + lines + headEnd + body + behind;
}

/** A body in one chunk. */
export function chunked(body: string): string {
  return body === '' ? '0\r\n\r\n' : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** A body with the fields that frame it in both ways; each hides a request from a reader that goes by the other. */
export interface DoubleFraming {
  readonly what: string;
  readonly length: number;
  readonly body: string;
}

export const DOUBLE_FRAMINGS: readonly DoubleFraming[] = [
  // By the coding the body ends before the hidden request, by the length behind it.
  { what: 'length covers a hidden request', length: 5 + HIDDEN.length, body: `0\r\n\r\n${HIDDEN}` },
  // By the coding the hidden request is body, by the length it follows it.
  { what: 'chunk covers a hidden request', length: 4, body: chunked(HIDDEN) },
  { what: 'no length, chunked', length: 0, body: chunked(HIDDEN) },
];

/** `\r` and the like in words, for names of cases. */
export function named(bytes: string): string {
  return JSON.stringify(bytes).replace(/[\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}
