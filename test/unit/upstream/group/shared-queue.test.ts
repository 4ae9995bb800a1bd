import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Asker } from '../../../support/labs/group-lab.ts';
import { sharedGroups } from '../../../support/labs/shared-group-lab.ts';
import { backend } from '../../../support/peers/backends.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** Later than the time within which leases count as having come together. */
const APART_MS = 12;

async function labOf(count: number, options: Parameters<typeof sharedGroups>[2]) {
  const server = await backend();
  return sharedGroups(count, [server.address], options);
}

/** Asks in the workers of these numbers, one after the other, so that their order counts. */
async function askInOrder(lab: Awaited<ReturnType<typeof labOf>>, workers: readonly number[]) {
  const askers: Asker[] = [];
  for (const worker of workers) {
    askers.push(new Asker(lab.workers[worker]!.group));
    await wait(APART_MS);
  }
  return askers;
}

describe('a group that shares its backends with other workers', () => {
  it('begins no more leases than the backend may have, over all workers', async () => {
    const lab = await labOf(3, { maxConnections: 2 });
    const askers = [0, 1, 2, 0, 1, 2].map((worker) => new Asker(lab.workers[worker]!.group));
    await eventually(() => askers.filter(({ lease }) => lease).length === 2, 'two have a lease');
    expect(lab.backends[0]![0]!.load).toBe(2);
    const ended = new Set<Asker>();
    for (let served = 3; served <= askers.length; served++) {
      const running = askers.find((asker) => asker.lease !== undefined && !ended.has(asker));
      ended.add(running!);
      running!.lease!.end(undefined, 0, 0);
      await eventually(() => askers.filter(({ lease }) => lease).length === served, 'the next has a lease');
      expect(lab.backends[0]![0]!.load).toBe(2);
    }
  });

  it('serves who came first, in whichever worker it waits', async () => {
    const lab = await labOf(3, { maxConnections: 1 });
    const order = [0, 2, 1, 0, 1, 2];
    const askers = await askInOrder(lab, order);
    for (const [at, asker] of askers.entries()) {
      await asker.answered();
      expect(askers.slice(at + 1).filter(({ lease }) => lease)).toEqual([]);
      asker.lease?.end(undefined, 0, 0);
    }
  });

  it('lets a newcomer wait behind who waits in another worker', async () => {
    const lab = await labOf(2, { maxConnections: 1 });
    const [first, second] = await askInOrder(lab, [0, 1]);
    await first!.answered();
    lab.wakes.delivers = false;
    first!.lease?.end(undefined, 0, 0);
    const newcomer = new Asker(lab.workers[0]!.group);
    await second!.answered();
    expect(newcomer.lease).toBeUndefined();
    second!.lease?.end(undefined, 0, 0);
    expect((await newcomer.answered()).lease).toBeDefined();
  });

  it('finds a free place by itself where a wake gets lost', async () => {
    const lab = await labOf(2, { maxConnections: 1 });
    const [first, second] = await askInOrder(lab, [0, 1]);
    lab.wakes.delivers = false;
    first!.lease?.end(undefined, 0, 0);
    expect((await second!.answered()).lease).toBeDefined();
    expect(lab.wakes.sent.some(({ worker }) => worker === 1)).toBe(true);
  });

  it('takes the place of a worker that does not answer', async () => {
    const lab = await labOf(3, { maxConnections: 1 });
    const [first] = await askInOrder(lab, [0]);
    await first!.answered();
    // A worker that is blocked: it waits for longest, and never looks.
    const blocked = lab.backends[2]![0]!;
    const { slots } = lab;
    const stuck = slots[2]!.open('upstream');
    stuck.places().take(10);
    stuck.note = 1;
    expect(blocked.load).toBe(1);
    const second = new Asker(lab.workers[1]!.group);
    first!.lease?.end(undefined, 0, 0);
    expect((await second.answered()).lease).toBeDefined();
  });

  it('lets no more leases wait than the queue has places, over all workers', async () => {
    const lab = await labOf(3, { maxConnections: 1, queueSize: 2 });
    const askers = await askInOrder(lab, [0, 1, 2]);
    const [late, later] = [new Asker(lab.workers[0]!.group), new Asker(lab.workers[1]!.group)];
    await Promise.all([late.answered(), later.answered()]);
    expect([late.error?.code, later.error?.code]).toEqual(['queue_full', 'queue_full']);
    askers[1]!.pending.cancel();
    const next = new Asker(lab.workers[2]!.group);
    askers[0]!.lease?.end(undefined, 0, 0);
    await askers[2]!.answered();
    askers[2]!.lease?.end(undefined, 0, 0);
    expect((await next.answered()).lease).toBeDefined();
  });

  it('serves who waits where an edit takes the queue and the limit away, whichever worker knows of it first', async () => {
    const lab = await labOf(2, { maxConnections: 1 });
    const [, older, newer] = await askInOrder(lab, [0, 0, 1]);
    const next = lab.next({ queueSize: 0 });
    for (const worker of [1, 0]) lab.workers[worker]!.group.replaceWith(next[worker]!.group);
    expect((await newer!.answered()).lease).toBeDefined();
    expect((await older!.answered()).lease).toBeDefined();
  });

  it('gives the places of a worker that ended to who waits elsewhere', async () => {
    const lab = await labOf(2, { maxConnections: 1 });
    const [first, second] = await askInOrder(lab, [0, 1]);
    await first!.answered();
    lab.reclaim(0);
    expect((await second!.answered()).lease).toBeDefined();
  });

  it('ends a lease that rests in another worker to make room', async () => {
    const lab = await labOf(2, { maxConnections: 1 });
    const [first] = await askInOrder(lab, [0]);
    (await first!.answered()).lease?.pin(200, Number.POSITIVE_INFINITY);
    const second = new Asker(lab.workers[1]!.group);
    expect((await second.answered()).lease).toBeDefined();
  });
});
