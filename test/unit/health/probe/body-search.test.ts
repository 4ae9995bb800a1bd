import { describe, expect, it } from 'vitest';

import { BodySearch } from '../../../../src/health/probe/body-search.ts';

const ABSENT = 'its body does not have the text of health_check.expected_body';
const MALFORMED = 'its body is not framed as HTTP/1.1 demands';
const CUT = 'the connection was closed before the end of its body';

/** The result of a body that comes in these pieces, after which the connection ends. */
function search(fields: string, pieces: readonly string[], hasBody = true): string {
  const body = new BodySearch('ready', `HTTP/1.1 200 OK\r\n${fields}\r\n`, hasBody);
  for (const piece of pieces.length > 0 ? pieces : ['']) {
    const result = body.read(piece);
    if (result !== undefined) return result;
  }
  return body.end();
}

const CHUNKED = 'Transfer-Encoding: chunked\r\n';

describe('a body', () => {
  it.each([
    ['with a length', 'Content-Length: 9\r\n', 'is ready!', 'found'],
    ['with a length and other text', 'Content-Length: 4\r\n', 'down', ABSENT],
    ['whose text comes behind its end', 'Content-Length: 4\r\n', 'downready', ABSENT],
    ['that is cut', 'Content-Length: 10\r\n', 'down', CUT],
    ['until the end of the connection', '', 'is ready', 'found'],
    ['until the end of the connection, with other text', '', 'is down', ABSENT],
    ['in chunks', CHUNKED, '3\r\nrea\r\n2;a=b\r\ndy\r\n0\r\n\r\n', 'found'],
    ['in chunks, with other text', CHUNKED, '4\r\ndown\r\n0\r\n\r\n', ABSENT],
    ['in chunks whose framing has the text', CHUNKED, '1;ready\r\nx\r\n0\r\n\r\n', ABSENT],
    ['in chunks that are cut', CHUNKED, '4\r\ndo', CUT],
    ['in chunks that are longer than they say', CHUNKED, '2\r\nready\r\n0\r\n\r\n', MALFORMED],
    ['in chunks without a size', CHUNKED, 'ready', CUT],
    ['in chunks of a wrong size', CHUNKED, 'zz\r\nready\r\n', MALFORMED],
    ['in chunks with LF alone', CHUNKED, '5\nready\r\n', MALFORMED],
    ['with two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'ready', MALFORMED],
    ['with a length and chunks', `Content-Length: 5\r\n${CHUNKED}`, 'ready', MALFORMED],
    ['with a length that is no number', 'Content-Length: 5x\r\n', 'ready', MALFORMED],
  ])('%s', (_what, fields, body, expected) => {
    expect(search(fields, [body])).toBe(expected);
    expect(search(fields, Array.from(body))).toBe(expected);
  });

  it('that there can not be is not waited for', () => {
    expect(search('Content-Length: 5\r\n', [], false)).toBe(ABSENT);
  });

  it('is read up to a bound', () => {
    const pieces = Array.from({ length: 70 }, () => 'x'.repeat(1_000));
    expect(search('', pieces)).toContain('the first 65536 bytes of its body');
    expect(search(CHUNKED, [`1FFFFF\r\n`, ...pieces])).toContain('the first 65536 bytes of its body');
  });
});
