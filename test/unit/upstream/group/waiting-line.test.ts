import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { WaitingLine, type WaitLimits } from '../../../../src/upstream/group/waiting-line.ts';

/** One limit, whatever is waited for. */
function both(limitMs: number): WaitLimits {
  return { limit: limitMs, pool: limitMs };
}

describe('a waiting line', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('serves those first who came first', () => {
    const line = new WaitingLine<string>(3, both(1_000), () => undefined);
    for (const who of ['a', 'b', 'c']) expect(line.join(who, 'limit')).toBe(true);
    expect(line.join('d', 'limit')).toBe(false);
    expect(line.first()).toBe('a');
    line.leave('a');
    expect([line.first(), line.length]).toEqual(['b', 2]);
    expect(line.join('d', 'limit')).toBe(true);
  });

  it('lets nobody wait where its size is 0', () => {
    expect(new WaitingLine<string>(0, both(1_000), () => undefined).join('a', 'limit')).toBe(false);
  });

  it('gives up each one after its own time', () => {
    const gaveUp: string[] = [];
    const line = new WaitingLine<string>(10, both(100), ({ who }) => gaveUp.push(who));
    line.join('a', 'limit');
    vi.advanceTimersByTime(60);
    line.join('b', 'limit');
    vi.advanceTimersByTime(41);
    expect(gaveUp).toEqual(['a']);
    vi.advanceTimersByTime(60);
    expect(gaveUp).toEqual(['a', 'b']);
    expect(line.length).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives each the time that its reason to wait has, and keeps their order', () => {
    const gaveUp: string[] = [];
    const limitsMs = { limit: 100, pool: 30 };
    const line = new WaitingLine<string>(10, limitsMs, ({ who, reason }) => gaveUp.push(`${who} ${reason}`));
    line.join('a', 'limit');
    line.join('b', 'pool');
    vi.advanceTimersByTime(20);
    line.join('c', 'pool');
    expect([line.waitingFor('pool'), line.waitingFor('limit'), line.first()]).toEqual([2, 1, 'a']);
    vi.advanceTimersByTime(11);
    expect(gaveUp).toEqual(['b pool']);
    vi.advanceTimersByTime(20);
    expect(gaveUp).toEqual(['b pool', 'c pool']);
    vi.advanceTimersByTime(50);
    expect(gaveUp).toEqual(['b pool', 'c pool', 'a limit']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer when everybody has left', () => {
    const line = new WaitingLine<string>(10, both(100), () => undefined);
    line.join('a', 'limit');
    line.join('b', 'limit');
    line.leave('b');
    line.leave('b');
    line.leave('a');
    expect(vi.getTimerCount()).toBe(0);
    expect(line.first()).toBeUndefined();
  });

  it('bears one who joins when another one gave up', () => {
    const gaveUp: string[] = [];
    const line: WaitingLine<string> = new WaitingLine<string>(1, both(100), ({ who }) => {
      gaveUp.push(who);
      if (who === 'a') line.join('b', 'limit');
    });
    line.join('a', 'limit');
    vi.advanceTimersByTime(101);
    expect([line.first(), line.length]).toEqual(['b', 1]);
    vi.advanceTimersByTime(101);
    expect(gaveUp).toEqual(['a', 'b']);
  });
});
