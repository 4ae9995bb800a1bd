import { beforeEach, describe, expect, it, vi } from 'vitest';

import { withTimeout } from '../../../src/time/with-timeout.ts';
import { owned } from '../../support/owned.ts';

beforeEach(() => {
  vi.useFakeTimers();
  owned({ close: () => void vi.useRealTimers() });
});

/** A promise that is settled by hand. */
function byHand() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const work = new Promise<string>((...settle) => {
    [resolve, reject] = settle;
  });
  return { work, resolve, reject };
}

describe('a promise with a limit', () => {
  it('gives what the work gives in time, and leaves no timer behind', async () => {
    const { work, resolve } = byHand();
    const waiting = withTimeout(work, { limitMs: 1_000, expired: () => 'too late' });
    resolve('done');
    expect(await waiting).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with what the work rejects with', async () => {
    const { work, reject } = byHand();
    const waiting = withTimeout(work, { limitMs: 1_000 });
    reject(new Error('broken'));
    await expect(waiting).rejects.toThrow('broken');
  });

  it('ends with what `expired` returns when the limit is over, and hands over what comes later', async () => {
    const { work, resolve } = byHand();
    const late: string[] = [];
    const waiting = withTimeout(work, {
      limitMs: 1_000,
      expired: () => 'too late',
      late: (result) => late.push(result),
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe('too late');
    resolve('done');
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(['done']);
  });

  it('rejects with what `expired` throws, and ignores a rejection that comes later', async () => {
    const { work, reject } = byHand();
    const expired = () => {
      throw new Error('no answer');
    };
    const refused = expect(withTimeout(work, { limitMs: 1_000, expired })).rejects.toThrow('no answer');
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    reject(new Error('broken'));
    await vi.advanceTimersByTimeAsync(0);
  });

  it('rejects with the reason of a signal, also when it was aborted before', async () => {
    const stop = new AbortController();
    const waiting = [byHand(), byHand()].map(({ work }) => withTimeout(work, { signal: stop.signal }));
    stop.abort(new Error('the end'));
    for (const each of waiting) await expect(each).rejects.toThrow('the end');
    await expect(withTimeout(byHand().work, { signal: stop.signal })).rejects.toThrow('the end');
  });
});
