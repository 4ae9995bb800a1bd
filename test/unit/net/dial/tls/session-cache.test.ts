import { describe, expect, it } from 'vitest';

import { SessionCache } from '../../../../../src/net/dial/tls/session-cache.ts';

const HOUR_MS = 3_600_000;
const bytes = Buffer.from('a session');

function cacheAt(nowMs: { value: number }): SessionCache {
  return new SessionCache(() => nowMs.value);
}

describe('sessions with backends', () => {
  it('are forgotten when their time is over', () => {
    const now = { value: 1_000 };
    const cache = cacheAt(now);
    cache.set('a', { bytes, endsAtMs: 2_000 });
    now.value = 1_999;
    expect(cache.get('a')?.bytes).toBe(bytes);
    now.value = 2_000;
    expect([cache.get('a'), cache.size]).toEqual([undefined, 0]);
  });

  it('end with the first certificate of their chain, and after 12 hours at most', () => {
    const cache = cacheAt({ value: 1_000 });
    expect(cache.endOf(2_000)).toBe(2_000);
    expect(cache.endOf(Number.POSITIVE_INFINITY)).toBe(1_000 + 12 * HOUR_MS);
  });

  it('are bounded in number: the oldest one leaves', () => {
    const cache = cacheAt({ value: 0 });
    for (let index = 0; index <= 1_000; index++) cache.set(`server ${index}`, { bytes, endsAtMs: 1 });
    expect(cache.size).toBe(1_000);
    expect(cache.get('server 0')).toBeUndefined();
    expect(cache.get('server 1000')).toBeDefined();
  });

  it('are bounded in size: a large one is not kept, nor the one before it', () => {
    const cache = cacheAt({ value: 0 });
    cache.set('a', { bytes, endsAtMs: 1 });
    cache.set('a', { bytes: Buffer.alloc(16 * 1024 + 1), endsAtMs: 1 });
    expect(cache.get('a')).toBeUndefined();
  });
});
