import { expect, it } from 'vitest';

import { WorkerBeats } from '../../../../../src/runtime/supervisor/life/worker-beats.ts';
import { WorkerWords } from '../../../../../src/shared/worker-words.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** The shared clock wraps around there. */
const SHARED_MS = 2 ** 30;

it('know for how long a worker has hung, also after weeks', () => {
  let nowMs = 5_000;
  const beats = new WorkerBeats(1, {
    nowMs: () => nowMs,
    shared: { at: (ms) => Math.floor(ms) % SHARED_MS },
  });
  const worker = new WorkerWords(beats.buffer);
  worker.beat(0, { atMs: 4_900, generation: 3, connections: 7, heapUsedKiB: 2 });
  expect(beats.last(0)).toEqual({ ageMs: 100, generation: 3, connections: 7, heapUsedBytes: 2_048 });
  for (const days of [1, 5, 7, 13, 30]) {
    nowMs = 5_000 + days * DAY_MS;
    expect(beats.last(0).ageMs).toBe(100 + days * DAY_MS);
  }
  worker.beat(0, { atMs: (nowMs - 30) % SHARED_MS, generation: 4, connections: 0, heapUsedKiB: 2 });
  expect(beats.last(0)).toMatchObject({ ageMs: 30, generation: 4 });
  beats.ended(0);
  expect(beats.last(0)).toEqual({ ageMs: 0, generation: 0, connections: 0, heapUsedBytes: 0 });
});
