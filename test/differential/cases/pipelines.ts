import { CANARY, chunked, draft, HIDDEN, type Attempts } from '../case.ts';

const PARTS: readonly (readonly [string, string])[] = [
  ['GET', draft({ method: 'GET', target: '/get', behind: '' })],
  ['HEAD', draft({ method: 'HEAD', target: '/head', behind: '' })],
  [
    'length',
    draft({
      target: '/length',
      lines: `Content-Length: ${String(HIDDEN.length)}\r\n`,
      body: HIDDEN,
      behind: '',
    }),
  ],
  [
    'chunks',
    draft({ target: '/chunks', lines: 'Transfer-Encoding: chunked\r\n', body: chunked(HIDDEN), behind: '' }),
  ],
  [
    'kept 1.0',
    draft({ method: 'GET', version: 'HTTP/1.0', lines: 'Connection: keep-alive\r\n', behind: '' }),
  ],
  ['1.0', draft({ method: 'GET', version: 'HTTP/1.0', behind: '' })],
  ['bad', draft({ method: 'GET', lines: 'X : 1\r\n', behind: '' })],
  [
    'both',
    draft({ lines: 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', body: '0\r\n\r\n', behind: '' }),
  ],
  ['blank', '\r\n'],
  ['upgrade', draft({ method: 'GET', lines: 'Connection: Upgrade\r\nUpgrade: foo\r\n', behind: '' })],
];

/** Several requests in one go, sound and unsound ones. */
export function* pipelines(): Attempts {
  for (const [firstName, first] of PARTS) {
    for (const [secondName, second] of PARTS) {
      yield [`${firstName} then ${secondName}`, first + second + CANARY];
      for (const [thirdName, third] of PARTS.slice(0, 4)) {
        yield [`${firstName} then ${secondName} then ${thirdName}`, first + second + third + CANARY];
      }
    }
  }
  yield ['50 requests', `${draft({ method: 'GET', target: '/get', behind: '' }).repeat(50)}${CANARY}`];
}

/** Heads at the edge of what fits: many fields, long names, long values. */
export function* sizes(): Attempts {
  for (const count of [99, 100, 101, 500, 3_000]) {
    yield [`${String(count)} fields`, draft({ method: 'GET', lines: 'X: 1\r\n'.repeat(count - 1) })];
    const last = `${'X: 1\r\n'.repeat(count)}Content-Length: ${String(HIDDEN.length)}\r\n`;
    yield [`a length behind ${String(count)} fields`, draft({ lines: last, body: HIDDEN })];
    const coded = `${'X: 1\r\n'.repeat(count)}Transfer-Encoding: chunked\r\n`;
    yield [`a coding behind ${String(count)} fields`, draft({ lines: coded, body: chunked(HIDDEN) })];
  }
  for (const size of [1_000, 8_000, 16_000, 30_000, 32_000, 33_000, 64_000, 66_000, 130_000]) {
    const padding = 'x'.repeat(size);
    yield [`a value of ${String(size)} bytes`, draft({ method: 'GET', lines: `X: ${padding}\r\n` })];
    yield [`a name of ${String(size)} bytes`, draft({ method: 'GET', lines: `${padding}: 1\r\n` })];
    const lines = `X: ${padding}\r\nContent-Length: ${String(HIDDEN.length)}\r\n`;
    yield [`a length behind ${String(size)} bytes`, draft({ lines, body: HIDDEN })];
    yield [
      `blanks in front of a length, ${String(size)}`,
      draft({ lines: `Content-Length:${' '.repeat(size)}5\r\n`, body: 'hello' }),
    ];
    yield [
      `a body of ${String(size)} bytes`,
      draft({ lines: `Content-Length: ${String(size)}\r\n`, body: padding }),
    ];
    yield [
      `a chunk of ${String(size)} bytes`,
      draft({ lines: 'Transfer-Encoding: chunked\r\n', body: chunked(padding) }),
    ];
  }
}
