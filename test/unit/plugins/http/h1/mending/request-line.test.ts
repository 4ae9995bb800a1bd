import { describe, expect, it } from 'vitest';

import { mendRequestLine } from '../../../../../../plugins/http/h1/mending/request-line.ts';

const mend = (text: string): ReturnType<typeof mendRequestLine> =>
  mendRequestLine(Buffer.from(text, 'latin1'));

describe('a request line that the parser refused', () => {
  it.each([
    ['LIST /a HTTP/1.1\r\nHost: a', 'GET /a HTTP/1.1\r\n', 'LIST', 18],
    ['get /a HTTP/1.0\r\n', 'GET /a HTTP/1.0\r\n', 'get', 17],
    ['GET /a HTTP/1.2\r\n', 'GET /a HTTP/1.1\r\n', 'GET', 17],
    ['GET /a HTTP/3.1\r\n', 'GET /a HTTP/2.0\r\n', 'GET', 17],
    ['GET /a HTTP/0.1\r\n', 'GET /a HTTP/0.9\r\n', 'GET', 17],
    ['connect a:1 HTTP/1.1\r\n', 'CONNECT a:1 HTTP/1.1\r\n', 'CONNECT', 22],
  ])('%j is %j to the parser', (line, text, method, length) => {
    expect(mend(line)).toEqual({ text, method, length });
  });

  it('gets its bytes above 0x7F encoded on demand', () => {
    const line = Buffer.from('LIST /caf\xc3\xa9?\xff=%C3 HTTP/1.1\r\n', 'latin1');
    expect(mendRequestLine(line, true)).toMatchObject({
      text: 'GET /caf%C3%A9?%FF=%C3 HTTP/1.1\r\n',
      method: 'LIST',
    });
    expect(mendRequestLine(line)).toMatchObject({ text: 'GET /caf\xc3\xa9?\xff=%C3 HTTP/1.1\r\n' });
  });

  it('is waited for while it may become one', () => {
    const line = 'VERSION-CONTROL /a?b=c HTTP/1.1\r';
    for (let end = 1; end <= line.length; end++) expect(mend(line.slice(0, end))).toBeUndefined();
  });

  it.each([
    ['GE/T', 'method', 2],
    [' GET', 'method', 0],
    ['N\r', 'method', 1],
    ['\x16\x03\x01', 'method', 0],
    ['HTTP/1.1 200', 'method', 4],
    ['LIST  ', 'target', 5],
    ['LIST /a\t', 'target', 7],
    ['LIST /a b', 'version', 8],
    ['LIST /a RTSP', 'version', 8],
    ['LIST /a HTTP/1.1 ', 'line_end', 16],
    ['LIST /a HTTP/1.1\n', 'line_end', 16],
    ['LIST /a HTTP/1.10', 'line_end', 16],
    ['GET /\r\n', 'version', 5],
    ['PRI * HTTP/2.0\r\n', 'version', 0],
  ])('%j is refused at once for its %s', (line, rule, at) => {
    expect(mend(line)).toMatchObject({ rule, at });
  });
});
