import { describe, expect, it } from 'vitest';

import { errorAnswer, withReason } from '../../../../../plugins/http/answers/error-answer.ts';

const busy = errorAnswer(503, 'busy', 'id', false);

describe('the time after which a client may try again', () => {
  it('is told in whole seconds, rounded up, and never as now', () => {
    const told = (ms: number) => withReason(busy, 'queue_full', ms).headers?.['Retry-After'];
    expect([0, 1, 1_000, 1_001, 59_999].map(told)).toEqual(['1', '1', '1', '2', '60']);
  });

  it('is one second where it is not known', () => {
    expect(withReason(busy, 'no_backend', undefined).headers?.['Retry-After']).toBe('1');
  });
});

describe('the code of the error, for operators', () => {
  it.each(['circuit_open', 'queue_full', 'queue_timeout', 'overloaded'] as const)('is %s', (code) => {
    expect(withReason(busy, code, undefined).headers).toMatchObject({ 'X-Balance-Reason': code });
  });

  it('is not in answers with another status', () => {
    const late = errorAnswer(504, 'late', 'id', false);
    expect(withReason(late, 'backend_timeout', undefined)).toBe(late);
  });
});
