import { describe, expect, it } from 'vitest';

import { HeadFragment } from '../../../../../../plugins/http/h1/parse/head-fragment.ts';

const of = (text: string): HeadFragment => new HeadFragment(Buffer.from(text, 'latin1'));

describe('what is told of a head that was not read to its end', () => {
  it.each([
    ['GET /a HTTP/1.1\r\n', 'GET', '/a', 'HTTP/1.1'],
    ['\r\n\r\nGET /a HTTP/1.0\r\n', 'GET', '/a', 'HTTP/1.0'],
    ['GET  /a   HTTP/2.0\n', 'GET', '/a', 'HTTP/2.0'],
    ['GET /a', 'GET', '/a', ''],
    ['GET /a HTT', 'GET', '/a', ''],
    ['GET /a HTTP/1.10\r\n', 'GET', '/a', ''],
    ['GET ', 'GET', '', ''],
    ['list~1 /a HTTP/1.1\r\n', 'list~1', '/a', 'HTTP/1.1'],
    ['OPTIONS rtsp://a/b RTSP/1.0\r\n', 'OPTIONS', 'rtsp://a/b', 'RTSP/1.0'],
  ])('of %j is method, target and version as far as they came', (text, method, target, protocol) => {
    const fragment = of(text);
    expect([fragment.method, fragment.target, fragment.protocol]).toEqual([method, target, protocol]);
  });

  it.each([
    '',
    'GET',
    'nonsense\r\n',
    'my secret word\r\nHost: a\r\n',
    '\x16\x03\x01\x02\x00',
    'HTTP/1.1 200 OK\r\nHost: a\r\n',
  ])('of bytes that look like no request is nothing: %j', (text) => {
    const fragment = of(text);
    expect([fragment.method, fragment.target, fragment.protocol]).toEqual(['', '', '']);
    expect(fragment.joined('host')).toBe('');
  });

  it('has the fields that came whole, before and behind the one that is wrong', () => {
    const fragment = of(
      'GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\nX-One:  1 \nx-two: 2\r\nX-Two: 3\r\n: 4\r\nX-Cut: 5',
    );
    expect(['host', 'x-one', 'x-two', 'x-cut'].map((name) => fragment.soleValueOf(name))).toEqual([
      'a',
      '1',
      undefined,
      undefined,
    ]);
    expect(['host', 'x-two', 'x-cut'].map((name) => fragment.joined(name))).toEqual(['a', '2, 3', '']);
  });

  it('has nothing of what stands behind the head', () => {
    expect(of('GET / HTTP/1.1\r\nA: 1\r\n\r\nHost: body\r\n').soleValueOf('host')).toBeUndefined();
  });

  it('is found in time that grows with the length of the head alone', () => {
    const many = 100_000;
    for (const text of [
      `GET / HTTP/1.1\r\nA: ${' '.repeat(many)}x\r\n`,
      `GET / HTTP/1.1\r\n${'A'.repeat(many)} \r\n`,
      `${'a'.repeat(many)} ${'b'.repeat(many)}`,
      `GET ${' '.repeat(many)}`,
      `GET /${' '.repeat(many)}x`,
    ])
      expect(of(text)).toBeInstanceOf(HeadFragment);
  });
});
