/** Something that is no response, or none that can be understood in only one way. NONCE stands for the request's mark. */
export interface GarbageResponse {
  readonly name: string;
  readonly text: string;
  /** Passing a sound message on in its place is right as well. */
  readonly repairable: boolean;
}

const OK = 'HTTP/1.1 200 OK\r\nX-Nonce: NONCE\r\n';

const withFields = (name: string, fields: string, body = 'hello', repairable = false): GarbageResponse => ({
  name,
  text: `${OK}${fields}\r\n${body}`,
  repairable,
});
const withLine = (name: string, line: string, repairable = false): GarbageResponse => ({
  name,
  text: `${line}\r\nX-Nonce: NONCE\r\nContent-Length: 5\r\n\r\nhello`,
  repairable,
});

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

export const GARBAGE_RESPONSES: readonly GarbageResponse[] = [
  withFields('length and coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', CHUNKS, true),
  withFields('coding and length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', CHUNKS, true),
  withFields('two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'),
  withFields('two equal lengths', 'Content-Length: 5\r\nContent-Length: 5\r\n', 'hello', true),
  ...['abc', '-5', '+5', '5,6', '5 5', '0x5', '5e0', '18446744073709551621', '5;5', '', '5\u00a0'].map(
    (value) =>
      withFields(`length ${JSON.stringify(value)}`, `Content-Length: ${value}\r\n`, 'hello', value === ''),
  ),
  ...['gzip', 'chunked, gzip', 'xchunked', 'chunked;x', '\u000bchunked', 'identity', 'chunked, chunked'].map(
    (value) => withFields(`coding ${JSON.stringify(value)}`, `Transfer-Encoding: ${value}\r\n`, CHUNKS),
  ),
  withFields('two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
  withFields('NUL in a value', 'X-A: a\u0000b\r\nContent-Length: 5\r\n'),
  withFields('CR in a value', 'X-A: a\rContent-Length: 9\r\nContent-Length: 5\r\n'),
  withFields('LF in a value', 'X-A: a\nContent-Length: 9\r\nContent-Length: 5\r\n', 'hello', false),
  withFields('control byte in a value', 'X-A: a\u0001b\r\nContent-Length: 5\r\n', 'hello', true),
  withFields('list of equal lengths', 'Content-Length: 5, 5\r\n', 'hello', true),
  withFields('space before a colon', 'X-A : a\r\nContent-Length: 5\r\n', 'hello', true),
  withFields('space before the colon of a length', 'Content-Length : 5\r\n', 'hello', true),
  withFields('line without a colon', 'nonsense\r\nContent-Length: 5\r\n'),
  withFields('empty name', ': a\r\nContent-Length: 5\r\n'),
  withFields('folded line', 'X-A: a\r\n b\r\nContent-Length: 5\r\n', 'hello', true),
  withFields('folded length', 'Content-Length:\r\n 5\r\n', 'hello', true),
  withFields('too many fields', `${'X-A: a\r\n'.repeat(1_200)}Content-Length: 5\r\n`),
  withFields('huge field', `X-A: ${'a'.repeat(300_000)}\r\nContent-Length: 5\r\n`),
  withLine('HTTP/2', 'HTTP/2.0 200 OK'),
  withLine('HTTP/1.9', 'HTTP/1.9 200 OK', true),
  withLine('two digits', 'HTTP/1.1 20 OK'),
  withLine('four digits', 'HTTP/1.1 2000 OK'),
  withLine('status 099', 'HTTP/1.1 099 OK'),
  withLine('status 000', 'HTTP/1.1 000 OK'),
  withLine('no status', 'HTTP/1.1 OK'),
  withLine('other protocol', 'ICY 200 OK'),
  withLine('lower case', 'http/1.1 200 OK'),
  withLine('request', 'GET / HTTP/1.1'),
  withLine('NUL in the reason', 'HTTP/1.1 200 O\u0000K'),
  withLine('CR in the reason', 'HTTP/1.1 200 O\rX-A: K'),
  withLine('no reason', 'HTTP/1.1 200', true),
  withLine('two blanks', 'HTTP/1.1  200 OK', true),
  withLine('empty line first', '\r\nHTTP/1.1 200 OK', true),
  {
    name: 'LF for CRLF',
    text: 'HTTP/1.1 200 OK\nX-Nonce: NONCE\nContent-Length: 5\n\nhello',
    repairable: true,
  },
  { name: 'banner', text: 'SSH-2.0-OpenSSH_9.2\r\n', repairable: false },
  { name: 'TLS alert', text: '\u0015\u0003\u0001\u0000\u0002\u0002\u0046', repairable: false },
  {
    name: 'coding in 1.0',
    text: `HTTP/1.0 200 OK\r\nX-Nonce: NONCE\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    repairable: true,
  },
  {
    name: 'unasked switch',
    text: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nhello',
    repairable: false,
  },
  { name: 'switch to nothing', text: 'HTTP/1.1 101 Switching Protocols\r\n\r\n', repairable: false },
];
