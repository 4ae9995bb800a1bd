import { describe, expect, it } from 'vitest';

import { errorAnswer, withRetryTime } from '../../../../../plugins/http/answers/error-answer.ts';

const busy = errorAnswer(503, 'busy', 'id', false);

describe('the time after which a client may try again', () => {
  it('is told in whole seconds, rounded up, and never as now', () => {
    const told = (ms: number) => withRetryTime(busy, ms, 'queue_full').headers?.['Retry-After'];
    expect([0, 1, 1_000, 1_001, 59_999].map(told)).toEqual(['1', '1', '1', '2', '60']);
  });

  it('comes with the code of the error, for operators', () => {
    expect(withRetryTime(busy, 1, 'queue_full').headers).toMatchObject({ 'X-Balance-Reason': 'queue_full' });
  });

  it('changes nothing where it is not known', () => {
    expect(withRetryTime(busy, undefined, 'no_backend')).toBe(busy);
  });
});
