import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finalHead } from '../../../../src/health/probe/status-line.ts';

const answers = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 404\r\n',
  'HTTP/1.1 503 \n',
  'HTTP/1.1 101 Switching Protocols\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n',
  'HTTP/1.2 200 OK\r\n',
  'HTTP/1.9  201\n',
  'HTTP/1.1 100 Continue\n\nHTTP/1.0 206 OK\n',
  'HTTP/1.1 103 Early Hints\nA: b\r\n\nHTTP/1.1 207 OK\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.1 599 Hm\r\n',
];

describe('finalHead', () => {
  it('reads the status of the final answer', () => {
    const statuses = answers.map((answer) => {
      const head = finalHead(answer);
      return typeof head === 'string' ? head : head.status;
    });
    expect(statuses).toEqual([200, 404, 503, 101, 204, 200, 201, 206, 207, 599]);
  });

  it('says where the final answer begins', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    expect(finalHead(`${interim}HTTP/1.1 204 No Content\r\n`)).toEqual({
      status: 204,
      start: interim.length,
    });
  });

  it.each(answers)('is incomplete after each part of %j', (answer) => {
    for (let length = 0; length < answer.length; length++) {
      expect(finalHead(answer.slice(0, length))).toBe('incomplete');
    }
  });

  it.each([
    'HTTQ',
    'http/1.1 200 OK\r\n',
    'HTTP/1.10 200 OK\r\n',
    'HTTP/2.0 200 OK\r\n',
    'HTTP/1.1 200 O\rK\r\n',
    'HTTP/1.1 099 X\r\n',
    'HTTP/1.1 600 X\r\n',
    '\n',
  ])('takes %j for malformed', (text) => {
    expect(finalHead(text)).toBe('malformed');
  });

  it('takes malformed bytes after an interim answer for malformed', () => {
    expect(finalHead('HTTP/1.1 100 Continue\r\n\r\nnonsense')).toBe('malformed');
  });

  it('never throws and never invents a status', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const status = finalHead(text);
        expect(typeof status === 'string' || text.startsWith('HTTP/1.')).toBe(true);
      }),
      { seed: 7 },
    );
  });
});
