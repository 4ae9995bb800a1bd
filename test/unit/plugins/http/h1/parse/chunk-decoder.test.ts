import { describe, expect, it } from 'vitest';

import { ChunkDecoder } from '../../../../../../plugins/http/h1/parse/chunk-decoder.ts';
import { END, INVALID, MORE, TOO_LARGE } from '../../../../../../plugins/http/h1/parse/progress.ts';

interface Decoded {
  readonly progress: number;
  readonly body: string;
  readonly trailers: readonly string[];
  readonly irregular: boolean;
  /** Bytes up to the end of the message. */
  readonly length: number;
}

/** Feeds `text` in pieces of `size` bytes. */
function decode(text: string, lenient: boolean, size = text.length): Decoded {
  const decoder = new ChunkDecoder(lenient, { headerSize: 100, headerCount: 3 });
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  const sink = {
    bodyPiece: (piece: Buffer, start: number, end: number): void => {
      body += piece.toString('latin1', start, end);
    },
  };
  let progress: number = MORE;
  for (let at = 0; at < bytes.length && progress === MORE; at += size) {
    progress = decoder.feed(bytes, at, Math.min(bytes.length, at + size), sink);
  }
  const trailers = decoder.trailers.map(({ name, rest }) => `${name}:${rest}`);
  return { progress, body, trailers, irregular: decoder.irregular, length: decoder.position };
}

/** What both sides may send. */
const SOUND: readonly string[] = [
  '5\r\nhello\r\n0\r\n\r\n',
  '0005\r\nhello\r\n000\r\n\r\n',
  '2;a\r\nhe\r\n3;a=b;c="d;\\"\t"\r\nllo\r\n0;z\r\n\r\n',
  '5 ; a=b\r\nhello\r\n0\r\n\r\n',
  '5\t;\ta\t=\tb\t;\tc = "d" ; e\r\nhello\r\n0 ; a\r\n\r\n',
  `5;a=${'b'.repeat(16_000)}\r\nhello\r\n0\r\n\r\n`,
];

/** What only a backend may send. */
const TOLERATED: readonly string[] = [
  '5 \r\nhello\r\n0\r\n\r\n',
  '5\t \r\nhello\r\n0 \r\n\r\n',
  '5;a=b \r\nhello\r\n0\r\n\r\n',
  '5;\r\nhello\r\n0\r\n\r\n',
  '5;a=\r\nhello\r\n0\r\n\r\n',
  '5;a b=,,\r\nhello\r\n0\r\n\r\n',
  '5\nhello\r\n0\r\n\r\n',
  '5\r\nhello\n0\r\n\r\n',
  '5\r\nhello\r\n0\n\r\n',
  '5\r\nhello\r\n0\r\n\n',
  '5;a\nhello\n0\n\n',
];

/** What nobody may send. */
const REFUSED: readonly string[] = [
  ...[
    '\r\n',
    ' 5\r\nhello\r\n',
    '+5\r\nhello\r\n',
    '0x5\r\nhello\r\n',
    '5h\r\nhello\r\n',
    '5 5\r\nhello\r\n',
  ],
  ...['5\rhello\r\n', '5\r\r\nhello\r\n', '5\xa0\r\nhello\r\n', '5\v\r\nhello\r\n', '5;a\0\r\nhello\r\n'],
  ...['5;a\rb\r\nhello\r\n', '5;a="b\r\nhello\r\n', '5;a="b\nhello\r\n', '5;a="b\\\r\nhello\r\n'],
  ...['5\r\nhello0\r\n\r\n', '5\r\nhello\r0\r\n\r\n', '5\r\nhello\r\r\n0\r\n\r\n', '5\r\nhelloXX'],
  ...['20000000000000\r\n', 'ffffffffffffffffffff\r\n', `5;${'a'.repeat(16_400)}\r\nhello\r\n`],
  ...[
    '0\r\nnonsense\r\n\r\n',
    '0\r\n: 1\r\n\r\n',
    '0\r\nX: 1\0\r\n\r\n',
    '0\r\nX: 1\r2\r\n\r\n',
    '0\r\n X: 1\r\n\r\n',
  ],
];

const SIZES = [1, 2, 3, 5, 8, 1_000_000];

describe('a chunked body', () => {
  it.each(SOUND)('of either side may be %j', (text) => {
    for (const lenient of [false, true]) {
      for (const size of SIZES) {
        expect(decode(`${text}rest`, lenient, size)).toEqual({
          progress: END,
          body: 'hello',
          trailers: [],
          irregular: false,
          length: text.length,
        });
      }
    }
  });

  it.each(TOLERATED)('of a backend may be %j, and its socket is not to be trusted then', (text) => {
    for (const size of SIZES) {
      expect(decode(text, false, size).progress).toBe(INVALID);
      expect(decode(`${text}rest`, true, size)).toEqual({
        progress: END,
        body: 'hello',
        trailers: [],
        irregular: true,
        length: text.length,
      });
    }
  });

  it.each(REFUSED)('of nobody may be %j', (text) => {
    for (const size of SIZES) {
      expect(decode(text, false, size).progress).toBe(INVALID);
      expect(decode(text, true, size).progress).toBe(INVALID);
    }
  });
});

describe('the trailers of a chunked body', () => {
  it.each([
    ['as they came', 'A: 1\r\nb:2 \r\nC:\r\n', ['A: 1', 'b:2 ', 'C:'], false],
    ['with white space before the colon', 'A : 1\r\n', ['A: 1'], true],
    ['folded', 'A: 1\r\n 2\r\n', ['A: 1 2'], true],
    ['with a control byte', 'A: 1\x012\r\n', ['A: 1 2'], true],
    ['with LF alone', 'A: 1\nB: 2\n', ['A: 1', 'B: 2'], true],
    ['with a length', 'Content-Length: 5\r\nA: 1\r\n', ['Content-Length: 5', 'A: 1'], true],
    ['with a coding', 'Transfer-Encoding: x\r\n', ['Transfer-Encoding: x'], true],
  ])('are read %s', (_how, section, trailers, irregular) => {
    for (const size of SIZES) {
      const text = `0\r\n${section}\r\n`;
      expect(decode(text, true, size)).toEqual({
        progress: END,
        body: '',
        trailers,
        irregular,
        length: text.length,
      });
      expect(decode(text, false, size).progress).toBe(irregular ? INVALID : END);
    }
  });

  it('have limits of size and number', () => {
    for (const size of SIZES) {
      expect(decode(`0\r\nX: ${'a'.repeat(95)}\r\n\r\n`, false, size).progress).toBe(END);
      expect(decode(`0\r\nX: ${'a'.repeat(98)}\r\n\r\n`, false, size).progress).toBe(TOO_LARGE);
      expect(decode('0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n', false, size).progress).toBe(END);
      expect(decode('0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n', false, size).progress).toBe(TOO_LARGE);
    }
  });
});
