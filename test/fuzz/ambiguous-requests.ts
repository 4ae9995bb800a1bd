/*
 * Requests that two readers could take apart in two ways, or that are plainly wrong. None may reach a backend as a whole, and none may be
 * answered with a success. NONCE stands for the request's mark, PATH for its target.
 */
export interface AmbiguousRequest {
  readonly name: string;
  readonly text: string;
}

const HOST = 'Host: fuzz.test\r\nX-Nonce: NONCE\r\n';
const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

const withFields = (name: string, fields: string, body = 'hello'): AmbiguousRequest => ({
  name,
  text: `POST PATH HTTP/1.1\r\n${HOST}${fields}\r\n${body}`,
});
const withLine = (name: string, line: string): AmbiguousRequest => ({ name, text: `${line}\r\n${HOST}\r\n` });
const withChunks = (name: string, body: string): AmbiguousRequest => ({
  name: `chunks: ${name}`,
  text: `POST PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`,
});

const LENGTHS = ['+5', '-5', '0x5', '5 5', '5,5', '5, 6', '', ' ', '5.0', '5e0', '1e1', 'five', '18446744073709551621', '99999999999999999999', '5;', '"5"', '\u000b5', '5\u000c', '5\u00a0', '\u00a05'];
const CODINGS = ['xchunked', 'chunked, identity', 'identity', 'gzip', 'gzip, chunked', 'chunked, chunked', '\u000bchunked', 'chunked\u000b', '"chunked"', 'chunked;q=1', 'chunke\u00e4', '', ',chunked', 'chunked,', 'chunk ed', 'deflate'];
const SIZES = ['', 'g', '0x5', '+5', '-5', '5 5', '5,', '5\u0000', '\u00a05', '11111111111111111', 'FFFFFFFFFFFFFFFFF', '5\t;', ':5'];

export const AMBIGUOUS_REQUESTS: readonly AmbiguousRequest[] = [
  withFields('length and coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
  withFields('coding and length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', CHUNKS),
  withFields('length and coding in odd case', 'content-length: 15\r\ntRANSFER-eNCODING: cHUNKED\r\n', CHUNKS),
  withFields('two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'),
  withFields('length 0 and another', 'Content-Length: 0\r\nContent-Length: 5\r\n'),
  withFields('two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
  withFields('coding and identity', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', CHUNKS),
  ...LENGTHS.map((value) => withFields(`length ${JSON.stringify(value)}`, `Content-Length: ${value}\r\n`)),
  ...CODINGS.map((value) => withFields(`coding ${JSON.stringify(value)}`, `Transfer-Encoding: ${value}\r\n`, CHUNKS)),
  ...CODINGS.map((value) => withFields(`coding ${JSON.stringify(value)} and length`, `Transfer-Encoding: ${value}\r\nContent-Length: 5\r\n`, CHUNKS)),
  ...['Content-Length : 5', 'Content-Length\t: 5', ' Content-Length: 5', 'Content-Length\u0000: 5', 'Content-Length: 5\u0000', 'Transfer-Encoding : chunked', 'Transfer-Encoding\u000b: chunked', 'X-A: b\rTransfer-Encoding: chunked', 'X-A: b\nTransfer-Encoding: chunked', 'X-A: b\r\n Transfer-Encoding: chunked', 'X-A\r\nTransfer-Encoding: chunked', 'X-A\r\n: b', 'Content-Length: 5\r\n 0', 'Transfer-Encoding:\r\n chunked', 'X A: b', 'X-A: \u0000', 'X-A: \u0001', 'X-A: \u007f', ': a', 'X-\u00e4: b', 'X(: b', 'X-A: b\r'].map((line) =>
    withFields(`line ${JSON.stringify(line)}`, `${line}\r\n`),
  ),
  { name: 'coding in 1.0', text: `POST PATH HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}` },
  { name: 'no Host', text: 'GET PATH HTTP/1.1\r\nX-Nonce: NONCE\r\n\r\n' },
  { name: 'two Hosts', text: `GET PATH HTTP/1.1\r\n${HOST}host: fuzz.test\r\n\r\n` },
  ...['a b', 'a/b', 'a@b', 'a:b', 'a:999999', '[::1', 'a\\b', 'a?b', 'a#b', '\u00e4', 'a\tb'].map((host) => ({
    name: `Host ${JSON.stringify(host)}`,
    text: `GET PATH HTTP/1.1\r\nHost: ${host}\r\nX-Nonce: NONCE\r\n\r\n`,
  })),
  ...['HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/01.1', 'HTTP/1.1x', 'http/1.1', 'HTTP/1', 'HTP/1.1', 'HTTP /1.1', 'HTTP/1.1\u0000'].map((version) =>
    withLine(`version ${version}`, `GET PATH ${version}`),
  ),
  withLine('no version', 'GET PATH'),
  withLine('space in the target', 'GET PATH x HTTP/1.1'),
  withLine('NUL in the target', 'GET PATH\u0000 HTTP/1.1'),
  withLine('tab in the target', 'GET PATH\tx HTTP/1.1'),
  withLine('DEL in the target', 'GET PATH\u007f HTTP/1.1'),
  withLine('target without slash', 'GET pathPATH HTTP/1.1'),
  withLine('other scheme', 'GET ftp://aPATH HTTP/1.1'),
  withLine('user in the target', 'GET http://u@aPATH HTTP/1.1'),
  withLine('asterisk', 'GET * HTTP/1.1'),
  withLine('CONNECT', 'CONNECT fuzz.test:80 HTTP/1.1'),
  withLine('lower-case method', 'get PATH HTTP/1.1'),
  withLine('method with a colon', 'GE:T PATH HTTP/1.1'),
  withLine('unknown method', 'FROBNICATE PATH HTTP/1.1'),
  withLine('tabs', 'GET\tPATH\tHTTP/1.1'),
  withLine('too many fields', `GET PATH HTTP/1.1\r\n${'X-A: a\r\n'.repeat(150)}X-B: b`),
  withLine('huge field', `GET PATH HTTP/1.1\r\nX-A: ${'a'.repeat(40_000)}`),
  withLine('huge target', `GET PATH${'a'.repeat(40_000)} HTTP/1.1`),
  { name: 'LF for CRLF', text: 'GET PATH HTTP/1.1\nHost: fuzz.test\nX-Nonce: NONCE\n\n' },
  { name: 'CR for CRLF', text: 'GET PATH HTTP/1.1\rHost: fuzz.test\r\r' },
  { name: 'TLS hello', text: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003' },
  { name: 'HTTP/2 preface', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'a response', text: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
  ...SIZES.map((size) => withChunks(`size ${JSON.stringify(size)}`, `${size}\r\nhello\r\n0\r\n\r\n`)),
  withChunks('LF after the size', '5\nhello\r\n0\r\n\r\n'),
  withChunks('CR after the size', '5\rhello\r\n0\r\n\r\n'),
  withChunks('LF in an extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'),
  withChunks('CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'),
  withChunks('NUL in an extension', '5;a\u0000\r\nhello\r\n0\r\n\r\n'),
  withChunks('LF in a quoted extension', '5;a="\n"\r\nhello\r\n0\r\n\r\n'),
  withChunks('LF after the data', '5\r\nhello\n0\r\n\r\n'),
  withChunks('nothing after the data', '5\r\nhello0\r\n\r\n'),
  withChunks('data too long', '5\r\nhello!\r\n0\r\n\r\n'),
  withChunks('LF after the last chunk', '5\r\nhello\r\n0\n\n'),
  withChunks('trailer without a colon', '5\r\nhello\r\n0\r\nnonsense\r\n\r\n'),
  withChunks('space before a trailer\u2019s colon', '5\r\nhello\r\n0\r\nX-A : b\r\n\r\n'.replace('\u2019', "'")),
  withChunks('NUL in a trailer', '5\r\nhello\r\n0\r\nX-A: \u0000\r\n\r\n'),
  withChunks('CR in a trailer', '5\r\nhello\r\n0\r\nX-A: a\rb\r\n\r\n'),
  withChunks('LF in a trailer', '5\r\nhello\r\n0\r\nX-A: a\nb: c\r\n\r\n'),
  withChunks('folded trailer', '5\r\nhello\r\n0\r\nX-A: a\r\n b\r\n\r\n'),
  withChunks('too many trailers', `5\r\nhello\r\n0\r\n${'X-A: a\r\n'.repeat(150)}\r\n`),
  withChunks('huge trailer', `5\r\nhello\r\n0\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`),
];
