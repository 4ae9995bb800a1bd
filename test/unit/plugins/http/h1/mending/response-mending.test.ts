import { describe, expect, it } from 'vitest';

import { RESPONSE } from '../../../../../../plugins/http/h1/llhttp/llhttp.ts';
import { mendResponseHead } from '../../../../../../plugins/http/h1/mending/response-mending.ts';
import { readInPieces } from '../../parsing.ts';

const mend = (text: string): ReturnType<typeof mendResponseHead> =>
  mendResponseHead(Buffer.from(text, 'latin1'));

describe('a response head that the parser refused', () => {
  it('is read as one thing wherever it is cut', () => {
    const text =
      'HTTP/1.3  200 A\x07B\nX-A : 1\x02\r\n 2\nContent-Length: 5\nY:z\nContent-Length: 5\n\r\nhello';
    const whole = readInPieces(text, [], RESPONSE);
    expect(whole).toMatchObject({
      outcome: 'head',
      status: 200,
      minor: 1,
      fields: [
        ['X-A', '1 2'],
        ['Content-Length', '5'],
        ['Y', 'z'],
      ],
      consumed: text.length - 5,
    });
    for (let at = 1; at < text.length; at++) expect(readInPieces(text, [at], RESPONSE)).toEqual(whole);
    const everywhere = Array.from({ length: text.length }, (_, at) => at);
    expect(readInPieces(text, everywhere, RESPONSE)).toEqual(whole);
  });

  it.each(['hello', 'HTTP/2.0 200 OK', 'HTTP/1.10', 'http/1.1 200', '\r\nHTTP/1.2 200 OK', '\0'])(
    '%j is none that could be mended',
    (text) => {
      expect(mend(text)).toBe('not ours');
    },
  );

  it.each([
    ['HTTP/1.2 20 OK\n', 'status_line', 14],
    ['HTTP/1.2 2000 OK\n', 'status_line', 16],
    ['HTTP/1.2 200 O\rK\n', 'status_line', 14],
    ['HTTP/1.2 200 O\0K\n', 'status_line', 14],
    ['HTTP/1.2 200 OK\nX: 1\r2\n\n', 'field_value', 20],
    ['HTTP/1.2 200 OK\nX: 1\r\r\n\n', 'field_value', 20],
    ['HTTP/1.2 200 OK\nA: b\nX: 1\0\n\n', 'field_value', 25],
    ['HTTP/1.2 200 OK\nTransfer-Encoding:\n \x0bchunked\n\n', 'field_value', 36],
    ['HTTP/1.2 200 OK\n X: 1\n\n', 'folded_field', 16],
    ['HTTP/1.2 200 OK\nnonsense\n\n', 'field_name', 24],
    ['HTTP/1.2 200 OK\nX Y: 1\n\n', 'field_name', 17],
    ['HTTP/1.2 200 OK\n: 1\n\n', 'field_name', 16],
    ['HTTP/1.2 200 OK\nContent-Length: 5\nContent-Length: 6\n\n', 'content_length', 50],
    ['HTTP/1.2 200 OK\nContent-Length: 5, 6\n\n', 'content_length', 35],
    ['HTTP/1.2 200 OK\nContent-Length: x\n\n', 'content_length', 32],
    ['HTTP/1.2 200 OK\nContent-Length: \n\n', 'content_length', 32],
  ])('%j is refused for its %s', (text, rule, at) => {
    expect(mend(text)).toMatchObject({ rule, at });
  });

  it('keeps bytes that only look like white space', () => {
    const text = 'HTTP/1.1 200 OK\r\nX-A: 1\xa0\r\n \xa02\xa0\r\n\r\n';
    expect(mend(text)).toMatchObject({ text: 'HTTP/1.1 200 OK\r\nX-A: 1\xa0 \xa02\xa0\r\n\r\n' });
  });

  it('is waited for while it is not complete', () => {
    const text = 'HTTP/1.2 200 OK\nX: 1\n\n';
    for (let end = 1; end < text.length; end++) expect(mend(text.slice(0, end))).toBeUndefined();
    expect(mend(text)).toMatchObject({ length: text.length });
  });
});
