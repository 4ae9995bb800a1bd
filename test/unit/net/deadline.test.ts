import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LazyDeadline } from '../../../src/net/deadline.ts';

describe('a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('expires once, when its time is over', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(100);
    vi.advanceTimersByTime(99);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(expired).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it('moves to later without a new timer', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(100);
    for (let moved = 0; moved < 10; moved += 1) {
      vi.advanceTimersByTime(50);
      deadline.set(100);
      expect(vi.getTimerCount()).toBe(1);
    }
    vi.advanceTimersByTime(99);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it('moves to earlier', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(10_000);
    deadline.set(10);
    vi.advanceTimersByTime(11);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it('does not expire once it is cleared, and can be set again', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(100);
    deadline.clear();
    vi.advanceTimersByTime(500);
    expect(expired).not.toHaveBeenCalled();
    deadline.set(100);
    vi.advanceTimersByTime(101);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it('can be set again when it expires', () => {
    let left = 3;
    const deadline = new LazyDeadline(() => {
      left -= 1;
      if (left > 0) deadline.set(10);
    });
    deadline.set(10);
    vi.advanceTimersByTime(100);
    expect(left).toBe(0);
  });

  it('waits for longer than a timer can', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(2 ** 31 + 5_000);
    vi.advanceTimersByTime(2 ** 31);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5_001);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it('leaves no timer when it is destroyed', () => {
    const expired = vi.fn();
    const deadline = new LazyDeadline(expired);
    deadline.set(100);
    deadline.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });
});
