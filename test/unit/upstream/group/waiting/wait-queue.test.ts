import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { WaitQueue, type WaitLimits } from '../../../../../src/upstream/group/waiting/wait-queue.ts';

/** One limit, whatever is waited for. */
function both(limitMs: number): WaitLimits {
  return { limit: limitMs, pool: limitMs };
}

describe('a wait queue', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('serves those first who came first', () => {
    const queue = new WaitQueue<string>(3, both(1_000), () => undefined);
    for (const who of ['a', 'b', 'c']) expect(queue.join(who, 'limit')).toBe(true);
    expect(queue.join('d', 'limit')).toBe(false);
    expect(queue.first()).toBe('a');
    queue.leave('a');
    expect([queue.first(), queue.length]).toEqual(['b', 2]);
    expect(queue.join('d', 'limit')).toBe(true);
  });

  it('lets nobody wait where its size is 0', () => {
    expect(new WaitQueue<string>(0, both(1_000), () => undefined).join('a', 'limit')).toBe(false);
  });

  it('gives up each one after its own time', () => {
    const gaveUp: string[] = [];
    const queue = new WaitQueue<string>(10, both(100), ({ waiter }) => gaveUp.push(waiter));
    queue.join('a', 'limit');
    vi.advanceTimersByTime(60);
    queue.join('b', 'limit');
    vi.advanceTimersByTime(41);
    expect(gaveUp).toEqual(['a']);
    vi.advanceTimersByTime(60);
    expect(gaveUp).toEqual(['a', 'b']);
    expect(queue.length).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives each the time that its reason to wait has, and keeps their order', () => {
    const gaveUp: string[] = [];
    const limitsMs = { limit: 100, pool: 30 };
    const queue = new WaitQueue<string>(10, limitsMs, ({ waiter, reason }) =>
      gaveUp.push(`${waiter} ${reason}`),
    );
    queue.join('a', 'limit');
    queue.join('b', 'pool');
    vi.advanceTimersByTime(20);
    queue.join('c', 'pool');
    expect([queue.waitingFor('pool'), queue.waitingFor('limit'), queue.first()]).toEqual([2, 1, 'a']);
    vi.advanceTimersByTime(11);
    expect(gaveUp).toEqual(['b pool']);
    vi.advanceTimersByTime(20);
    expect(gaveUp).toEqual(['b pool', 'c pool']);
    vi.advanceTimersByTime(50);
    expect(gaveUp).toEqual(['b pool', 'c pool', 'a limit']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer when everybody has left', () => {
    const queue = new WaitQueue<string>(10, both(100), () => undefined);
    queue.join('a', 'limit');
    queue.join('b', 'limit');
    queue.leave('b');
    queue.leave('b');
    queue.leave('a');
    expect(vi.getTimerCount()).toBe(0);
    expect(queue.first()).toBeUndefined();
  });

  it('bears one who joins when another one gave up', () => {
    const gaveUp: string[] = [];
    const queue: WaitQueue<string> = new WaitQueue<string>(1, both(100), ({ waiter }) => {
      gaveUp.push(waiter);
      if (waiter === 'a') queue.join('b', 'limit');
    });
    queue.join('a', 'limit');
    vi.advanceTimersByTime(101);
    expect([queue.first(), queue.length]).toEqual(['b', 1]);
    vi.advanceTimersByTime(101);
    expect(gaveUp).toEqual(['a', 'b']);
  });
});
