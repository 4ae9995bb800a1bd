import { describe, expect, it } from 'vitest';

import type { PoolSettings } from '../../../../src/config/sockets/pool-settings.ts';
import type { SocketPool } from '../../../../src/upstream/pool/socket-pool.ts';
import { dividedIdle } from '../../../../src/upstream/sharing/divided-idle.ts';
import { PoolShare } from '../../../../src/upstream/sharing/pool-share.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { poolOf, takeFrom } from '../../../support/labs/pool-lab.ts';
import { sharedSlots } from '../../../support/labs/shared-slots.ts';
import { backend } from '../../../support/peers/backends.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** The same pool in that many workers, which all are in the thread of the test. */
function pools(workers: number, address: string, settings: Partial<PoolSettings>) {
  const { slots, wakes } = sharedSlots(workers, ['pool']);
  const made = slots.map((own) => {
    const share = new PoolShare(own.open('pool'), own);
    return poolOf(address, settings, 'keep-alive', undefined, { workers, share }).pool;
  });
  return { pools: made, wakes, open: slots[0]!.open('pool').places(1) };
}

/** As a group takes a socket: the place first. */
async function reserved(pool: SocketPool) {
  expect(pool.reserve()).toBe(true);
  return takeFrom(pool);
}

describe('a pool of limited size that several workers have', () => {
  it('leases no more sockets than its size, over all workers', async () => {
    const server = await backend();
    const {
      pools: [a, b],
    } = pools(2, server.address, { maxSize: 3 });
    const taken = [await reserved(a!), await reserved(b!), await reserved(a!)];
    expect([a!.isFull, b!.isFull, b!.reserve()]).toEqual([true, true, false]);
    a!.release(taken[0]!, Infinity);
    expect([a!.isFull, b!.isFull]).toEqual([false, false]);
    b!.release(taken[1]!, 0);
    a!.forget(taken[2]!);
    for (let count = 0; count < 3; count++) expect(b!.reserve()).toBe(true);
    expect(a!.reserve()).toBe(false);
  });

  it('closes an idle socket of another worker where one more is connected than there may be', async () => {
    const server = await backend();
    const {
      pools: [a, b, c],
      open,
    } = pools(3, server.address, { maxSize: 2 });
    const [one, two] = [await reserved(b!), await reserved(b!)];
    b!.release(one, Infinity);
    b!.release(two, Infinity);
    const mine = await reserved(a!);
    await eventually(() => b!.idle === 1 && open.taken === 2, 'the other worker has closed one');
    const other = await reserved(c!);
    await eventually(() => b!.idle === 0 && open.taken === 2, 'and the other one');
    a!.release(mine, Infinity);
    expect(a!.idle).toBe(1);
    c!.release(other, 0);
    await eventually(() => open.taken === 1, 'a closed socket counts no more');
  });

  it('keeps no socket that came back while too many are open', async () => {
    const server = await backend();
    const {
      pools: [a, b],
      wakes,
      open,
    } = pools(2, server.address, { maxSize: 1 });
    wakes.delivers = false;
    const one = await reserved(a!);
    a!.release(one, Infinity);
    const two = await reserved(b!);
    expect(open.taken).toBe(2);
    b!.release(two, Infinity);
    expect([a!.idle, b!.idle, open.taken]).toEqual([1, 0, 1]);
  });

  it('gives back the places of leases that fail or leave', async () => {
    const {
      pools: [a, b],
      open,
    } = pools(2, await deadAddress(), { maxSize: 1 });
    await expect(reserved(a!)).rejects.toMatchObject({ code: 'connect_failed' });
    expect([a!.isFull, open.taken]).toEqual([false, 0]);
    expect(b!.reserve()).toBe(true);
    b!.take({ taken: () => undefined, failed: () => undefined })?.destroy();
    expect(b!.isFull).toBe(false);
  });

  it('gives back all of its places when it closes', async () => {
    const server = await backend();
    const {
      pools: [a, b],
    } = pools(2, server.address, { maxSize: 1 });
    const one = await reserved(a!);
    a!.close();
    expect(b!.isFull).toBe(false);
    await reserved(b!);
    a!.release(one, Infinity);
    expect(b!.isFull).toBe(true);
  });
});

describe('dividedIdle', () => {
  const settings = {
    maxSize: 0,
    minIdle: 5,
    maxIdle: 6,
    maxIdleTimeMs: 0,
    maxAgeMs: 0,
    validateOnBorrow: true,
  };

  it('divides idle sockets, rounded up', () => {
    expect(dividedIdle(settings, 4)).toMatchObject({ minIdle: 2, maxIdle: 2 });
    expect(dividedIdle({ ...settings, maxIdle: 0 }, 4)).toMatchObject({ maxIdle: 0 });
  });

  it('keeps no more ready than there may be', () => {
    expect(dividedIdle({ ...settings, maxSize: 5 }, 4)).toMatchObject({ minIdle: 1 });
    expect(dividedIdle({ ...settings, maxSize: 3 }, 4)).toMatchObject({ minIdle: 0 });
  });
});
