import { describe, expect, it } from 'vitest';

import { ReplaceDeadChannel } from '../../../../../plugins/http/retries/retry-policy.ts';

const policy = new ReplaceDeadChannel();
const DEAD = { number: 1, reused: true, heard: false, passedInterim: false };

describe('the replacement of a dead idle channel', () => {
  it('sends an idempotent request once more, on a new channel', () => {
    expect(policy.next('backend_reset', DEAD, 'GET', true)).toEqual({ needsFreshChannel: true, delayMs: 0 });
  });

  it.each([
    ['a second time', 'backend_reset', { ...DEAD, number: 2 }, 'GET', true],
    ['after a failure on a new channel', 'backend_reset', { ...DEAD, reused: false }, 'GET', true],
    ['after a byte of a response', 'backend_reset', { ...DEAD, heard: true }, 'GET', true],
    ['with a method that may do something twice', 'backend_reset', DEAD, 'POST', true],
    ['without the whole body at hand', 'backend_reset', DEAD, 'GET', false],
    ['after a timeout', 'backend_timeout', DEAD, 'GET', true],
  ] as const)('sends nothing %s', (_, error, attempt, method, isRepeatable) => {
    expect(policy.next(error, attempt, method, isRepeatable)).toBeUndefined();
  });
});
