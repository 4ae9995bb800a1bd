import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { SlowStart, type SlowStartRules } from '../../../../src/upstream/slow-start/slow-start.ts';

interface Fake {
  weight: number;
  priority: number;
  up: boolean;
  ramp: number;
  standing: { becameUpAtMs: number | undefined };
}

function member(becameUpAtMs?: number, more: Partial<Fake> = {}): Fake {
  return { weight: 1, priority: 0, up: true, ramp: 1, standing: { becameUpAtMs }, ...more };
}

describe('a slow start', () => {
  let now = 0;
  let changed: number[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    now = 1_000;
    changed = [];
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function started(members: readonly Fake[], more: Partial<SlowStartRules> = {}): SlowStart {
    const rules = { windowMs: 1_000, floor: 0.1, aggression: 1, ...more };
    const slowStart = new SlowStart(
      rules,
      (at) => changed.push(at),
      () => now,
    );
    slowStart.watch(members);
    return slowStart;
  }

  function pass(forMs: number): void {
    now += forMs;
    vi.advanceTimersByTime(forMs);
  }

  it('lets the part of a backend grow from its floor to all of it, and has a timer only meanwhile', () => {
    const [old, young] = [member(), member(1_000)];
    started([old, young]);
    expect([old.ramp, young.ramp]).toEqual([1, 0.1]);
    pass(50);
    expect(young.ramp).toBe(0.1);
    pass(450);
    expect(young.ramp).toBe(0.5);
    pass(500);
    expect(young.ramp).toBe(1);
    expect(new Set(changed)).toEqual(new Set([1]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no timer while nobody starts', () => {
    const members = [member(), member()];
    const slowStart = started(members);
    slowStart.look();
    expect(vi.getTimerCount()).toBe(0);
    expect(changed).toEqual([]);
  });

  it('follows the curve that its rules say', () => {
    const young = member(1_000);
    started([member(), young], { aggression: 2, floor: 0.3 });
    expect(young.ramp).toBe(0.3);
    pass(250);
    expect(young.ramp).toBe(0.5);
  });

  it('counts the differences alone where all backends of a priority start', () => {
    const [first, second, other] = [member(500), member(800), member(1_000, { priority: 1 })];
    started([first, second, other]);
    expect([first.ramp, second.ramp, other.ramp]).toEqual([1, 0.4, 1]);
    first.up = false;
    pass(25);
    expect(second.ramp).toBe(1);
  });

  it('does not count who is down or has no weight as one that could take over', () => {
    const young = member(1_000);
    const members = [member(undefined, { up: false }), member(undefined, { weight: 0 }), young];
    const slowStart = started(members);
    expect(young.ramp).toBe(1);
    members[0]!.up = true;
    slowStart.look();
    expect(young.ramp).toBe(0.1);
  });

  it('stops with its group', () => {
    const young = member(1_000);
    const slowStart = started([member(), young]);
    slowStart.stop();
    expect(vi.getTimerCount()).toBe(0);
    slowStart.look();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not look at ten thousand members for each of them that comes up in one moment', () => {
    let looks = 0;
    const members = Array.from({ length: 10_000 }, () => ({
      ...member(1_000),
      standing: {
        get becameUpAtMs() {
          looks += 1;
          return 1_000;
        },
      },
    }));
    const slowStart = started([member(), ...members]);
    looks = 0;
    for (let at = 1; at <= 10_000; at++) slowStart.memberChanged(at);
    expect(looks).toBeLessThan(5 * 10_000);
    expect(members.every(({ ramp }) => ramp === 0.1)).toBe(true);
    pass(500);
    expect(members.every(({ ramp }) => ramp === 0.5)).toBe(true);
    slowStart.stop();
  });
});
