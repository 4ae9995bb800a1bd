import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { FaultTally } from '../../../src/telemetry/fault-tally.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it('lets one line of each kind into the log in ten seconds, and tells how many it left out', () => {
  const tally = new FaultTally();
  expect(tally.count('echo', 'data')).toBe(0);
  for (let n = 0; n < 5; n++) expect(tally.count('echo', 'data')).toBeUndefined();
  expect(tally.count('echo', 'end')).toBe(0);
  expect(tally.count('other', 'data')).toBe(0);
  vi.advanceTimersByTime(10_000);
  expect(tally.count('echo', 'data')).toBe(5);
  expect(tally.count('echo', 'data')).toBeUndefined();
  expect([...tally.counts]).toEqual([
    ['echo', 9],
    ['other', 1],
  ]);
});

it('holds the lines down although each fault is of another kind', () => {
  const tally = new FaultTally();
  let lines = 0;
  for (let n = 0; n < 10_000; n++) if (tally.count('echo', `mistake ${n}`) !== undefined) lines++;
  expect(lines).toBe(201);
  expect(tally.counts.get('echo')).toBe(10_000);
});

it('leaves a plugin its lines although another one used up its own', () => {
  const tally = new FaultTally();
  for (let n = 0; n < 300; n++) tally.count('noisy', `mistake ${n}`);
  expect(tally.count('quiet', 'data')).toBe(0);
});

it('keeps only the beginning of what a plugin throws', () => {
  const tally = new FaultTally();
  const long = 'x'.repeat(10_000);
  expect(tally.count('echo', `${long}a`)).toBe(0);
  expect(tally.count('echo', `${long}b`)).toBeUndefined();
});
