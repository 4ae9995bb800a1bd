import { CANARY, chunked, draft, HIDDEN, named, type Attempts } from '../case.ts';

export const METHODS: readonly string[] = [
  ...[
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PATCH',
    'CONNECT',
    'QUERY',
    'PRI',
    'SOURCE',
  ],
  ...[
    'PROPFIND',
    'MKCOL',
    'LOCK',
    'UNLOCK',
    'MOVE',
    'REPORT',
    'PURGE',
    'SEARCH',
    'LINK',
    'M-SEARCH',
    'NOTIFY',
  ],
  ...['DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN', 'ANNOUNCE', 'GET_PARAMETER', 'FLUSH', 'RECORD', 'REDIRECT'],
  ...[
    'get',
    'Get',
    'gET',
    'GETX',
    'XGET',
    'GE',
    'G',
    'POSTGET',
    'FOO',
    'FOO-BAR',
    'FOO_BAR',
    "A!#$%&'*+.^_`|~",
    '1',
  ],
  ...['GET:', 'GET,', 'GET;', '"GET"', 'GET()', 'GET/', '/GET', 'G=T', 'GÄT', 'GET\0', 'A'.repeat(300), ''],
];

export const VERSIONS: readonly string[] = [
  ...[
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/1.9',
    'HTTP/2.0',
    'HTTP/2',
    'HTTP/3',
    'HTTP/3.0',
    'HTTP/1',
  ],
  ...[
    'HTTP/1.',
    'HTTP/.1',
    'HTTP/',
    'HTTP',
    'HTTP/11',
    'HTTP/1.10',
    'HTTP/1.01',
    'HTTP/01.1',
    'HTTP/1.1.1',
    'HTTP/1,1',
  ],
  ...[
    'HTTP/1.1 ',
    'HTTP/1.1\t',
    'HTTP/1.1x',
    'HTTP/1.1;',
    'HTTP /1.1',
    'HTTP/ 1.1',
    'HTTP/1 .1',
    'HTTP/1. 1',
    'HTTP/-1.1',
  ],
  ...[
    'HTTP/+1.1',
    'HTTP/1.-1',
    'HTTP/A.B',
    'HTTP/0.0',
    'HTTP/9.9',
    'HTTP/1.1\0',
    'http/1.1',
    'Http/1.1',
    'hTTP/1.1',
  ],
  ...[
    'XHTTP/1.1',
    'HTTPS/1.1',
    'HTTPX/1.1',
    'HTT/1.1',
    'RTSP/1.1',
    'RTSP/1.0',
    'RTSP/2.0',
    'ICE/1.1',
    'ICE/1.0',
  ],
  ...[
    'SIP/2.0',
    'SHTTP/1.1',
    'HTTP\\1.1',
    'HTTP:1.1',
    'HTTP/1:1',
    'HTTP/1.1 HTTP/1.1',
    'HTTP/1.0 HTTP/1.1',
    '/1.1',
    '1.1',
    '',
  ],
];

export const TARGETS: readonly string[] = [
  ...[
    '/',
    '/subject',
    '//',
    '///',
    '//other.test/a',
    '/../',
    '/..',
    '/./',
    '/a/../b',
    '/a/%2e%2e/b',
    '/%2e%2e%2f',
    '/a//b',
  ],
  ...[
    '/?',
    '/?a',
    '/?a=b&c',
    '?',
    '?a',
    '/#',
    '/#a',
    '#',
    '/a?b#c',
    '/%',
    '/%0',
    '/%00',
    '/%zz',
    '/%0d%0a',
    '/%20',
    '/a;b',
  ],
  ...[
    '/a\\b',
    '\\',
    '/\\other.test',
    '/{}',
    '/|',
    '/^',
    '/`',
    '/"',
    '/<>',
    "/'",
    '/~',
    '/*',
    '*',
    '**',
    '/a:b',
    '/@',
    '/a@b',
  ],
  ...[
    'subject',
    'subject/a',
    '.',
    '..',
    '../',
    './a',
    ':',
    ':80',
    '@',
    'a:b',
    'subject.test',
    'subject.test:80',
    '[::1]:80',
  ],
  ...[
    'http://subject.test/a',
    'http://subject.test',
    'http://subject.test?a',
    'http://subject.test#a',
    'http://other.test/a',
  ],
  ...[
    'http://other.test:8080/a',
    'HTTP://other.test/a',
    'hTtP://OTHER.test/a',
    'https://other.test/a',
    'http://[::1]/a',
  ],
  ...[
    'http://user@other.test/a',
    'http://user:pw@other.test/',
    'http://other.test:/a',
    'http://other.test:99999/a',
  ],
  ...[
    'http://other.test:x/a',
    'http:///a',
    'http://',
    'http:/',
    'http:',
    'http:/a',
    'http:a',
    'http:\\\\other.test/a',
    '//',
  ],
  ...[
    'http://other.test\\@subject.test/',
    'http://other.test\\/a',
    'http://other test/',
    'http://other.test%2fa',
    'http://a,b/',
  ],
  ...[
    'http://subject.test:80@other.test/',
    'http://other.test#@subject.test/',
    'http://other.test/../a',
    'http://*/',
    'http://-/',
  ],
  ...[
    'ftp://other.test/a',
    'ws://other.test/a',
    'file:///etc/a',
    'mailto:a@b',
    'urn:a:b',
    'javascript:a',
    'httpx://a/',
    'x://a/',
  ],
  ...[
    '/ü',
    '/\xfc',
    '/\x80',
    '/\xff',
    '/\xa0',
    '/\x85',
    '/\x7f',
    '/\x01',
    '/\0',
    '/\t',
    '/ a',
    '/a ',
    ' /a',
    '/a HTTP/1.1',
    '',
  ],
  ...[
    `/${'a'.repeat(8_000)}`,
    `/${'a'.repeat(40_000)}`,
    `/?${'a=b&'.repeat(500)}`,
    `/${'../'.repeat(100)}`,
    'HTTP/1.1',
    '/HTTP/1.1',
  ],
];

/** Methods, versions, targets and the gaps between them. */
export function* startLines(): Attempts {
  for (const method of METHODS) {
    for (const version of ['HTTP/1.1', 'HTTP/1.0', 'RTSP/1.0', 'ICE/1.0', 'HTTP/2.0']) {
      yield [`${named(method.slice(0, 40))} in ${version}`, draft({ method, version })];
    }
    const star = draft({ method, target: '*' });
    yield [`${named(method.slice(0, 40))} of *`, star];
    const absolute = draft({ method, target: 'http://other.test/subject' });
    yield [`${named(method.slice(0, 40))} of an absolute target`, absolute];
  }
  for (const version of VERSIONS) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'SOURCE', 'PRI']) {
      yield [`${method} in ${named(version)}`, draft({ method, version })];
    }
    const lines = 'Transfer-Encoding: chunked\r\n';
    yield [`chunked in ${named(version)}`, draft({ version, lines, body: chunked(HIDDEN) })];
    const fixed = `Content-Length: ${String(HIDDEN.length)}\r\n`;
    yield [`a length in ${named(version)}`, draft({ version, lines: fixed, body: HIDDEN })];
    yield [
      `kept alive in ${named(version)}`,
      draft({ version, method: 'GET', lines: 'Connection: keep-alive\r\n' }),
    ];
  }
  for (const target of TARGETS) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'CONNECT']) {
      yield [`${method} of ${named(target.slice(0, 60))}`, draft({ method, target })];
    }
    yield [
      `HTTP/1.0 of ${named(target.slice(0, 60))}`,
      draft({ method: 'GET', target, version: 'HTTP/1.0' }),
    ];
  }
  const gaps = [
    ' ',
    '  ',
    '   ',
    '\t',
    ' \t',
    '\v',
    '\f',
    '\r',
    '\n',
    '\r\n',
    '\r\n ',
    '\0',
    '\xa0',
    '\x85',
    '+',
    '%20',
    '',
  ];
  for (const first of gaps) {
    for (const second of gaps) {
      const startLine = `GET${first}/subject${second}HTTP/1.1`;
      yield [`gaps ${named(first)} and ${named(second)}`, draft({ startLine })];
    }
    yield [`${named(first)} before the method`, draft({ startLine: `${first}GET /subject HTTP/1.1` })];
    yield [`${named(first)} after the version`, draft({ startLine: `GET /subject HTTP/1.1${first}` })];
  }
  const oddities: [string, string][] = [
    ['HTTP/0.9', `GET /subject\r\n${CANARY}`],
    ['HTTP/0.9 with a blank', `GET /subject \r\n${CANARY}`],
    ['HTTP/0.9 with fields', `GET /subject\r\nHost: subject.test\r\n\r\n${CANARY}`],
    ['a method alone', `GET\r\nHost: subject.test\r\n\r\n${CANARY}`],
    ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0${CANARY}`],
    ['half a preface', `PRI * HTTP/2.0\r\n\r\n${CANARY}`],
    ['the preface as HTTP/1.1', `PRI * HTTP/1.1\r\nHost: subject.test\r\n\r\nSM\r\n\r\n${CANARY}`],
    ['a response', `HTTP/1.1 200 OK\r\nHost: subject.test\r\n\r\n${CANARY}`],
    ['a TLS hello', `\x16\x03\x01\0\x05\x01\0\0\x01\0${CANARY}`],
    ['PROXY protocol', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${draft({ method: 'GET' })}`],
    ['PROXY protocol 2', `\r\n\r\n\0\r\nQUIT\n\x20\0\0\0${draft({ method: 'GET' })}`],
    ['nothing but line ends', `\r\n\r\n\r\n\r\n${CANARY}`],
    ['a body without head', `hello\r\n${CANARY}`],
  ];
  yield* oddities;
}
