import { describe, expect, it } from 'vitest';

import { ReplaceDeadChannel } from '../../../../../plugins/http/forwarding/retry-policy.ts';

const policy = new ReplaceDeadChannel();
const DEAD = { number: 1, reused: true, heard: false };
const GET = { method: 'GET', isRepeatable: true };

describe('the replacement of a dead idle channel', () => {
  it('sends an idempotent request once more, on a new channel', () => {
    expect(policy.next('backend_reset', DEAD, GET)).toEqual({ needsFreshChannel: true });
  });

  it.each([
    ['a second time', 'backend_reset', { ...DEAD, number: 2 }, GET],
    ['after a failure on a new channel', 'backend_reset', { ...DEAD, reused: false }, GET],
    ['after a byte of a response', 'backend_reset', { ...DEAD, heard: true }, GET],
    ['with a method that may do something twice', 'backend_reset', DEAD, { ...GET, method: 'POST' }],
    ['without the whole body at hand', 'backend_reset', DEAD, { ...GET, isRepeatable: false }],
    ['after a timeout', 'backend_timeout', DEAD, GET],
  ] as const)('sends nothing %s', (_, error, attempt, request) => {
    expect(policy.next(error, attempt, request)).toBeUndefined();
  });
});
