import { describe, expect, it } from 'vitest';
import { isExpectedStatus, parseExpectedStatus } from '../../../src/health/expected-status.ts';

describe('parseExpectedStatus', () => {
  it('reads codes, ranges and lists of both', () => {
    expect(parseExpectedStatus('200')).toEqual([{ first: 200, last: 200 }]);
    expect(parseExpectedStatus('200-399')).toEqual([{ first: 200, last: 399 }]);
    expect(parseExpectedStatus('200,204, 300-302')).toEqual([
      { first: 200, last: 200 },
      { first: 204, last: 204 },
      { first: 300, last: 302 },
    ]);
  });

  it.each(['', 'ok', '20', '2000', '399-200', '200-', '200,,204', '200-299-399', '099', '600', '2xx'])(
    'refuses %j',
    (text) => {
      expect(() => parseExpectedStatus(text)).toThrow(/must be statuses/);
    },
  );
});

it('isExpectedStatus holds both ends of each range', () => {
  const ranges = parseExpectedStatus('200-299,404');
  expect([199, 200, 299, 300, 403, 404, 405].map((status) => isExpectedStatus(status, ranges))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});
