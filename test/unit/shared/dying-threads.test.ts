import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

import { SlotTable } from '../../../src/shared/slot-table.ts';
import { WorkerSlots } from '../../../src/shared/worker-slots.ts';
import { buildProgram, ROOT } from '../../support/labs/built-program.ts';

const WORKERS = 4;
const LIMIT = 3;
const KEYS = ['limited', 'witness'];
const BUILT = pathToFileURL(join(ROOT, 'dist/src/shared/worker-slots.js')).href;

/**
 * Takes and gives back places as fast as it can. Whoever has a place is also counted in the first word of the slot, which
 * is taken back first where a worker ends. A worker that can't get in there has met one more than the limit, and says so in the witness.
 */
const TAKER = `
  const { workerData: { worker, grant, buffers } } = require('node:worker_threads');
  import(${JSON.stringify(BUILT)}).then(({ WorkerSlots }) => {
    const slots = new WorkerSlots({ worker, workers: ${WORKERS} });
    slots.follow(1, ${JSON.stringify(KEYS)}, { grant, pages: buffers, tables: new Map() });
    const limited = slots.open('limited');
    const [places, inside] = [limited.places(1), limited.places(0)];
    const witness = slots.open('witness').turn();
    for (;;) {
      if (!places.take(${LIMIT})) continue;
      if (inside.take(${LIMIT})) inside.release();
      else witness.advance(0, 1);
      places.release();
    }
  });
`;

buildProgram();

it('gives no place too many, and gets back what threads held that were ended anywhere', async () => {
  const table = new SlotTable(WORKERS, Math.random);
  const grant = table.grant(1, KEYS);
  const { buffers } = table;
  const start = (worker: number): Worker =>
    new Worker(TAKER, { eval: true, workerData: { worker, grant, buffers } });
  const threads = Array.from({ length: WORKERS }, (_, worker) => start(worker));
  const own = new WorkerSlots({
    worker: 0,
    workers: WORKERS,
    wakes: { wake: () => undefined, on: () => () => undefined },
  });
  own.follow(1, KEYS, { grant, pages: buffers, tables: new Map() });
  const row = own.open('limited').row;
  const isBusy = (worker: number): boolean => (row.own[worker]?.[row.at + 3] ?? 0) > (worker === 0 ? 3 : 2);

  let reclaimed = 0;
  const end = async (worker: number): Promise<void> => {
    while (!isBusy(worker)) await wait(1);
    await threads[worker]?.terminate();
    reclaimed += table.reclaim(worker);
    // The test itself uses the slot as worker 0.
    if (worker === 0) row.own[0]![row.at + 3] = 1;
  };
  for (let round = 0; round < 60; round++) {
    const worker = round % WORKERS;
    await end(worker);
    threads[worker] = start(worker);
  }
  for (let worker = 0; worker < WORKERS; worker++) await end(worker);

  expect(reclaimed).toBeGreaterThan(0);
  expect([row.totals[row.at], row.totals[row.at + 1]]).toEqual([0, 0]);
  expect(own.open('witness').turn().read()).toBe(0);
}, 60_000);
