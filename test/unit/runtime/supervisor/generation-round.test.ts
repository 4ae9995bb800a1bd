import { describe, expect, it } from 'vitest';

import { BalanceError } from '../../../../src/errors.ts';
import { GenerationRound } from '../../../../src/runtime/supervisor/generation-round.ts';
import type { ThreadEnd } from '../../../../src/runtime/supervisor/life/worker-thread.ts';
import type { SharedGeneration } from '../../../../src/runtime/supervisor/link/send-source.ts';

type RoundWorker = ConstructorParameters<typeof GenerationRound>[1][number];

const GENERATION = { id: 7 } as SharedGeneration;

/** A worker that answers `commit` so, and remembers why it was replaced. */
function worker(number: number, commit: () => Promise<unknown>) {
  const ends: ThreadEnd[] = [];
  const made = {
    number,
    ends,
    ask: commit as RoundWorker['ask'],
    replace: (end: ThreadEnd) => {
      ends.push(end);
      return Promise.resolve();
    },
  };
  return made;
}

describe('the second phase of an edit', () => {
  it('measures the time between the first swap and the last one', async () => {
    const workers = [5, 8, 6].map((swappedAtMs, index) =>
      worker(index + 1, () => Promise.resolve({ swappedAtMs })),
    );
    const { report } = new GenerationRound(GENERATION, workers).commit();
    expect(await report).toEqual({ skewMs: 3, late: [] });
  });

  it('replaces a worker that refuses, which would serve the generation before for ever', async () => {
    const fine = worker(1, () => Promise.resolve({ swappedAtMs: 5 }));
    const refusing = worker(2, () => Promise.reject(new BalanceError('internal', 'no')));
    const { report } = new GenerationRound(GENERATION, [fine, refusing]).commit();
    expect(await report).toEqual({ skewMs: 0, late: [] });
    expect(fine.ends).toEqual([]);
    expect(refusing.ends).toEqual([
      { reason: 'exception', message: 'it refused to swap to generation 7: no' },
    ]);
  });

  it('leaves a worker that has ended to those who replace it', async () => {
    const ended = worker(1, () => Promise.reject(new BalanceError('worker_gone', 'worker 1 ended')));
    const { report } = new GenerationRound(GENERATION, [ended]).commit();
    expect(await report).toEqual({ skewMs: 0, late: [] });
    expect(ended.ends).toEqual([]);
  });
});
