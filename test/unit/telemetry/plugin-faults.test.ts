import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { PluginFaults } from '../../../src/telemetry/plugin-faults.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it('lets one line of each kind into the log in ten seconds, and tells how many it left out', () => {
  const faults = new PluginFaults();
  expect(faults.count('echo', 'data')).toBe(0);
  for (let n = 0; n < 5; n++) expect(faults.count('echo', 'data')).toBeUndefined();
  expect(faults.count('echo', 'end')).toBe(0);
  expect(faults.count('other', 'data')).toBe(0);
  vi.advanceTimersByTime(10_000);
  expect(faults.count('echo', 'data')).toBe(5);
  expect(faults.count('echo', 'data')).toBeUndefined();
  expect([...faults.counts]).toEqual([
    ['echo', 9],
    ['other', 1],
  ]);
});

it('holds the lines down although each fault is of another kind', () => {
  const faults = new PluginFaults();
  let lines = 0;
  for (let n = 0; n < 10_000; n++) if (faults.count('echo', `mistake ${n}`) !== undefined) lines++;
  expect(lines).toBe(201);
  expect(faults.counts.get('echo')).toBe(10_000);
});

it('leaves a plugin its lines although another one used up its own', () => {
  const faults = new PluginFaults();
  for (let n = 0; n < 300; n++) faults.count('noisy', `mistake ${n}`);
  expect(faults.count('quiet', 'data')).toBe(0);
});

it('keeps only the beginning of what a plugin throws', () => {
  const faults = new PluginFaults();
  const long = 'x'.repeat(10_000);
  expect(faults.count('echo', `${long}a`)).toBe(0);
  expect(faults.count('echo', `${long}b`)).toBeUndefined();
});
