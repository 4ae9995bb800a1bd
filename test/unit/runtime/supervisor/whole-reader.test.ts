import { describe, expect, it } from 'vitest';

import type { WorkerState } from '../../../../src/readings/workers/worker.ts';
import type { WorkerLife } from '../../../../src/runtime/supervisor/life/worker-life.ts';
import { WholeReader, type OwnShortages } from '../../../../src/runtime/supervisor/whole-reader.ts';

/** A worker in that state, which answers with its number. */
function worker(number: number, state: WorkerState): WorkerLife {
  const isPresent = state === 'serving' || state === 'hung' || state === 'stopping';
  return { number, state, isPresent, ask: () => Promise.resolve(number) } as unknown as WorkerLife;
}

function readerOf(...states: readonly WorkerState[]): WholeReader {
  const workers = states.map((state, index) => worker(index + 1, state));
  return new WholeReader(workers, {} as OwnShortages);
}

describe('what all workers have alike', () => {
  it('is asked of them in turn', async () => {
    const reader = readerOf('serving', 'serving');
    expect([await reader.health(), await reader.health()].sort()).toEqual([1, 2]);
  });

  it('is not asked of one that hangs or is not there', async () => {
    const reader = readerOf('hung', 'serving', 'restarting', 'starting');
    for (let asked = 0; asked < 4; asked += 1) expect(await reader.health()).toBe(2);
    await expect(readerOf('hung', 'restarting').health()).rejects.toThrow('no worker serves at the moment');
  });

  it('is also asked of those that drain', async () => {
    expect(await readerOf('stopping', 'hung').health()).toBe(1);
  });
});
