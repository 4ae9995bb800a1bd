import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { WaitingLine } from '../../../src/upstream/waiting-line.ts';

describe('a waiting line', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('serves those first who came first', () => {
    const line = new WaitingLine<string>(3, 1_000, () => undefined);
    for (const who of ['a', 'b', 'c']) expect(line.join(who)).toBe(true);
    expect(line.join('d')).toBe(false);
    expect(line.first()).toBe('a');
    line.leave('a');
    expect([line.first(), line.length]).toEqual(['b', 2]);
    expect(line.join('d')).toBe(true);
  });

  it('lets nobody wait where its size is 0', () => {
    expect(new WaitingLine<string>(0, 1_000, () => undefined).join('a')).toBe(false);
  });

  it('gives up each one after its own time', () => {
    const gaveUp: string[] = [];
    const line = new WaitingLine<string>(10, 100, (who) => gaveUp.push(who));
    line.join('a');
    vi.advanceTimersByTime(60);
    line.join('b');
    vi.advanceTimersByTime(41);
    expect(gaveUp).toEqual(['a']);
    vi.advanceTimersByTime(60);
    expect(gaveUp).toEqual(['a', 'b']);
    expect(line.length).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer when everybody has left', () => {
    const line = new WaitingLine<string>(10, 100, () => undefined);
    line.join('a');
    line.join('b');
    line.leave('b');
    line.leave('b');
    line.leave('a');
    expect(vi.getTimerCount()).toBe(0);
    expect(line.first()).toBeUndefined();
  });

  it('bears one who joins when another one gave up', () => {
    const gaveUp: string[] = [];
    const line: WaitingLine<string> = new WaitingLine<string>(1, 100, (who) => {
      gaveUp.push(who);
      if (who === 'a') line.join('b');
    });
    line.join('a');
    vi.advanceTimersByTime(101);
    expect([line.first(), line.length]).toEqual(['b', 1]);
    vi.advanceTimersByTime(101);
    expect(gaveUp).toEqual(['a', 'b']);
  });
});
