import { CANARY, draft, HIDDEN, named, type Attempts } from '../case.ts';

const ENDS: readonly string[] = [
  '\r\n',
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n\n',
  '\r\n\r',
  '\n\n',
  '\r\r',
  '\n\r\n',
  '\r\n\r\n',
  ' \r\n',
  '\t\r\n',
  '\r \n',
  '\0\r\n',
  '\r\0\n',
  '\v',
  '\f',
  '\x85',
  '\x1c',
  '\xe2\x80\xa8',
  '',
];

/** Each line end of a request replaced by something that may or may not be one. */
export function* lineEnds(): Attempts {
  const field = 'X-Field: 1';
  for (const end of ENDS) {
    const what = named(end);
    const get = { method: 'GET' };
    yield [`${what} after the request line`, draft({ ...get, startLineEnd: end })];
    yield [`${what} after Host`, draft({ ...get, host: `Host: subject.test${end}`, lines: `${field}\r\n` })];
    yield [`${what} after the last field`, draft({ ...get, lines: `${field}${end}` })];
    yield [`${what} for the empty line`, draft({ ...get, lines: `${field}\r\n`, headEnd: end })];
    yield [
      `${what} everywhere`,
      draft({ startLineEnd: end, host: `Host: subject.test${end}`, headEnd: end }),
    ];
    yield [`${what} before the request line`, end + draft(get)];
    yield [`${what} twice before the request line`, end + end + draft(get)];
    yield [`${what} behind the request`, draft({ ...get, behind: end + CANARY })];
    yield [`${what} behind a length`, draft({ lines: `Content-Length: 5${end}${field}\r\n`, body: 'hello' })];
    yield [`${what} behind a body`, draft({ lines: 'Content-Length: 5\r\n', body: `hello${end}` })];
    const smuggle = `X-Field: 1${end}Content-Length: ${String(HIDDEN.length)}\r\n`;
    yield [`${what} before a length`, draft({ lines: smuggle, body: HIDDEN })];
    const coded = `X-Field: 1${end}Transfer-Encoding: chunked\r\nContent-Length: ${String(HIDDEN.length + 5)}\r\n`;
    yield [`${what} before a coding`, draft({ lines: coded, body: `0\r\n\r\n${HIDDEN}` })];
    const head = `X-Field: 1${end}${end}${HIDDEN}`;
    yield [`${what} twice before a hidden request`, draft({ ...get, lines: head.slice(0, -2) })];
    yield [`${what} in the target`, draft({ ...get, target: `/a${end}b` })];
    yield [
      `${what} hides a request in the target`,
      draft({ ...get, target: `/ HTTP/1.1${end}${end}${HIDDEN}/` }),
    ];
  }
}

/** Bytes that end, separate or surround something, for one reader or another. */
const DELIMITERS = /[\0-\x20"'(),/0:;=@[\\\]{}\x7f\x80\x85\xa0\xad\xff]/;

/** Every byte at every place where a reader could take it for something else. */
export function* byteSweep(): Attempts {
  const get = { method: 'GET' };
  for (let code = 0; code < 256; code += 1) {
    const byte = String.fromCharCode(code);
    const what = `byte ${code.toString(16).padStart(2, '0')}`;
    yield [`${what} in a name`, draft({ ...get, lines: `X${byte}Y: 1\r\n` })];
    yield [`${what} in a value`, draft({ ...get, lines: `X-Field: a${byte}Connection: b\r\n` })];
    yield [`${what} in the target`, draft({ ...get, target: `/a${byte}b` })];
    if (!DELIMITERS.test(byte)) continue;
    yield [`${what} before a colon`, draft({ lines: `Content-Length${byte}: 5\r\n`, body: 'hello' })];
    yield [`${what} after a colon`, draft({ lines: `Content-Length:${byte}5\r\n`, body: 'hello' })];
    yield [`${what} after a length`, draft({ lines: `Content-Length: 5${byte}\r\n`, body: 'hello' })];
    yield [
      `${what} before a coding`,
      draft({ lines: `Transfer-Encoding:${byte}chunked\r\n`, body: '0\r\n\r\n' }),
    ];
    yield [
      `${what} after a coding`,
      draft({ lines: `Transfer-Encoding: chunked${byte}\r\n`, body: '0\r\n\r\n' }),
    ];
    yield [`${what} in a method`, draft({ method: `GE${byte}T` })];
    yield [`${what} before a method`, byte + draft(get)];
    yield [`${what} after a method`, draft({ startLine: `GET${byte} /subject HTTP/1.1` })];
    yield [`${what} for the first space`, draft({ startLine: `GET${byte}/subject HTTP/1.1` })];
    yield [`${what} for the second space`, draft({ startLine: `GET /subject${byte}HTTP/1.1` })];
    yield [`${what} after the version`, draft({ startLine: `GET /subject HTTP/1.1${byte}` })];
    yield [`${what} in the Host`, draft({ ...get, host: `Host: sub${byte}ject.test\r\n` })];
    yield [`${what} before the Host`, draft({ ...get, host: `Host:${byte}subject.test\r\n` })];
    yield [`${what} after the Host`, draft({ ...get, host: `Host: subject.test${byte}\r\n` })];
    const chunks = (body: string): string => draft({ lines: 'Transfer-Encoding: chunked\r\n', body });
    yield [`${what} after a chunk size`, chunks(`5${byte}\r\nhello\r\n0\r\n\r\n`)];
    yield [`${what} in a chunk extension`, chunks(`5;a${byte}b\r\nhello\r\n0\r\n\r\n`)];
    yield [`${what} after a chunk`, chunks(`5\r\nhello${byte}\r\n0\r\n\r\n`)];
  }
}
