import { describe, expect, it } from 'vitest';

import type { ThreadScrape } from '../../../../src/readings/proxy.ts';
import type { WorkerState } from '../../../../src/readings/workers/worker.ts';
import type { WorkerLife } from '../../../../src/runtime/supervisor/life/worker-life.ts';
import { WholeReader, type OwnShortages } from '../../../../src/runtime/supervisor/whole-reader.ts';

/** A worker in that state, which answers with its number. */
function worker(number: number, state: WorkerState, answer: unknown = number): WorkerLife {
  const isPresent = state === 'serving' || state === 'hung' || state === 'stopping';
  return { number, state, isPresent, ask: () => Promise.resolve(answer) } as unknown as WorkerLife;
}

function readerOf(...states: readonly WorkerState[]): WholeReader {
  const workers = states.map((state, index) => worker(index + 1, state));
  return new WholeReader(workers, {} as OwnShortages, () => undefined);
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

  it('is read without one that is known to hang', async () => {
    const silent = worker(1, 'hung', new Promise(() => undefined));
    const none = { accept: 0, connect: 0, check: 0 };
    const reader = new WholeReader([silent], { counts: none } as OwnShortages, () => undefined);
    expect(await reader.backends()).toEqual({ backends: [], upstreams: [], unanswered: [1] });
    const { proxy } = await reader.readings();
    expect(proxy.unanswered).toEqual([1]);
  });

  it('is also asked of those that drain', async () => {
    expect(await readerOf('stopping', 'hung').health()).toBe(1);
  });
});

/** What a thread says that has counted so much. */
function scrape(count: number): ThreadScrape {
  return {
    numbers: new Float64Array([count]),
    telemetry: { spans: { exported: 0, dropped: 0 }, pluginFailures: [] },
    proxy: {
      generations: [],
      listeners: [],
      backends: [],
      upstreams: [],
      queues: [],
      tunnels: [],
      hostNames: [],
      shortages: { accept: 0, connect: 0, check: 0 },
      unanswered: [],
    },
  } as unknown as ThreadScrape;
}

describe('the counts of all workers', () => {
  it('have those of a worker once that ends while another one has not answered yet', async () => {
    let answer: (scraped: ThreadScrape) => void = () => undefined;
    const slow = new Promise<ThreadScrape>((resolve) => {
      answer = resolve;
    });
    const ask = (answered: Promise<ThreadScrape>) => () => answered;
    const workers = [
      { number: 1, ask: ask(Promise.resolve(scrape(5))) },
      { number: 2, ask: ask(slow) },
    ] as unknown as WorkerLife[];
    const none = { accept: 0, connect: 0, check: 0 };
    const reader = new WholeReader(workers, { counts: none } as unknown as OwnShortages, () => undefined);
    const reading = reader.readings();
    await new Promise(setImmediate);
    const kept = reader.ended(1);
    expect([...(kept?.numbers ?? [])]).toEqual([5]);
    answer(scrape(3));
    const { counts } = await reading;
    expect(counts.counters.map(({ numbers }) => [...numbers])).toEqual([[3]]);
  });

  it('leave out what a worker says that has ended, as that is kept elsewhere', async () => {
    let answer: (scraped: ThreadScrape) => void = () => undefined;
    const ask = () =>
      new Promise<ThreadScrape>((resolve) => {
        answer = resolve;
      });
    const workers = [{ number: 1, ask }] as unknown as WorkerLife[];
    const none = { accept: 0, connect: 0, check: 0 };
    const reader = new WholeReader(workers, { counts: none } as unknown as OwnShortages, () => undefined);
    const reading = reader.readings();
    reader.ended(1);
    answer(scrape(5));
    expect((await reading).counts.counters).toEqual([]);
  });
});
