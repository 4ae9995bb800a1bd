import { chunked, draft, HIDDEN, named, type Attempts } from '../case.ts';

const OPTIONS: readonly string[] = [
  ...[
    'close',
    'keep-alive',
    'Close',
    'KEEP-ALIVE',
    'close, keep-alive',
    'keep-alive, close',
    '',
    ',',
    ' , ',
    'close,',
    ',close',
  ],
  ...[
    'close;',
    'close x',
    '"close"',
    'clos',
    'close\0',
    'close\xa0',
    'close\v',
    '\tclose',
    'close\t',
    'close\r\n keep-alive',
  ],
  ...[
    'Content-Length',
    'content-length, close',
    'Transfer-Encoding',
    'transfer-encoding, content-length',
    'Host',
    'host, close',
  ],
  ...[
    'Connection',
    'TE',
    'Trailer',
    'Upgrade',
    'upgrade, close',
    'Expect',
    'Cookie',
    'Authorization',
    'X-Forwarded-For',
    'Via',
  ],
  ...[
    'X-Request-ID',
    'X-Real-IP',
    'Date',
    'User-Agent',
    'Keep-Alive',
    'Proxy-Connection',
    'Max-Forwards',
    '*',
    ':',
    'X Y',
    'x=y',
  ],
  ...[
    'HTTP2-Settings',
    'Upgrade, HTTP2-Settings',
    'Content\rLength',
    'Content-Length\0',
    ' Content-Length ',
    'x'.repeat(3_000),
  ],
];

const UPGRADES: readonly string[] = [
  ...[
    'websocket',
    'WebSocket',
    'h2c',
    'H2C',
    'h2c, websocket',
    'websocket, h2c',
    'h2',
    'HTTP/2.0',
    'TLS/1.0',
    'foo',
    'foo/1, bar',
    '',
  ],
  ...[',', 'web socket', 'websocket\0', 'websocket\r\n x', '"websocket"', 'HTTP/1.1', 'x;y', '\xe4'],
];

const EXPECTATIONS: readonly string[] = [
  ...[
    '100-continue',
    '100-Continue',
    '100-CONTINUE',
    ' 100-continue ',
    '100-continue, x',
    'x, 100-continue',
    'y 100-continue',
    'x',
  ],
  ...[
    '',
    '100',
    '100-continue;q',
    '"100-continue"',
    '100-continue\0',
    '100-\r\n continue',
    '200-ok',
    '100-continue\xa0',
  ],
];

const FRAMINGS: readonly (readonly [string, string, string])[] = [
  ['no body', '', ''],
  ['a length', `Content-Length: ${String(HIDDEN.length)}\r\n`, HIDDEN],
  ['chunks', 'Transfer-Encoding: chunked\r\n', chunked(HIDDEN)],
  ['length 0', 'Content-Length: 0\r\n', ''],
];

/** Fields that steer the connection, with every framing: what they name must not take the framing away. */
export function* connectionFields(): Attempts {
  for (const [framing, lines, body] of FRAMINGS) {
    for (const method of ['POST', 'GET']) {
      for (const option of OPTIONS) {
        const connection = `Connection: ${option}\r\n`;
        const what = `${method} with ${framing}, Connection ${named(option.slice(0, 40))}`;
        yield [what, draft({ method, lines: connection + lines, body })];
      }
      for (const upgrade of UPGRADES) {
        const what = `${method} with ${framing}, Upgrade ${named(upgrade)}`;
        const settings = /h2c/i.test(upgrade) ? 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n' : '';
        const option = settings === '' ? 'Upgrade' : 'Upgrade, HTTP2-Settings';
        yield [
          what,
          draft({
            method,
            lines: `Connection: ${option}\r\nUpgrade: ${upgrade}\r\n${settings}${lines}`,
            body,
          }),
        ];
      }
      for (const expectation of EXPECTATIONS) {
        const what = `${method} with ${framing}, Expect ${named(expectation)}`;
        yield [what, draft({ method, lines: `Expect: ${expectation}\r\n${lines}`, body })];
      }
    }
  }
}

/** Methods that usually have no body, with bodies that look like requests; and HTTP/1.0. */
export function* bodies(): Attempts {
  const methods = [
    'GET',
    'HEAD',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'POST',
    'PUT',
    'PATCH',
    'PROPFIND',
    'PURGE',
    'QUERY',
    'CONNECT',
  ];
  const connections = ['', 'Connection: keep-alive\r\n', 'Connection: close\r\n'];
  for (const method of methods) {
    for (const [framing, lines, body] of FRAMINGS) {
      for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
        for (const connection of connections) {
          const what = `${method} in ${version} with ${framing}, ${named(connection)}`;
          yield [what, draft({ method, version, lines: lines + connection, body })];
        }
      }
    }
    const short = `Content-Length: ${String(HIDDEN.length - 7)}\r\n`;
    yield [`${method} with more body than its length`, draft({ method, lines: short, body: HIDDEN })];
    yield [`${method} with a body and no framing`, draft({ method, body: HIDDEN })];
    yield [
      `${method} with less body than its length`,
      draft({ method, lines: 'Content-Length: 100000\r\n', body: HIDDEN }),
    ];
  }
}
