import { describe, expect, it } from 'vitest';

import type { PoolSettings } from '../../../../src/config/sockets/pool-settings.ts';
import { parseAddress } from '../../../../src/config/values/address.ts';
import type { BalanceError } from '../../../../src/errors.ts';
import { SocketDialer } from '../../../../src/net/dial/socket-dialer.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { SocketUse } from '../../../../src/plugin-api/index.ts';
import { BackendState } from '../../../../src/upstream/backend/backend-state.ts';
import type { Channel } from '../../../../src/upstream/pool/channel.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from '../../../../src/upstream/pool/channel-pool.ts';
import { FreshSockets } from '../../../../src/upstream/pool/fresh-sockets.ts';
import { SocketPool } from '../../../../src/upstream/pool/socket-pool.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { HeldDialer } from '../../../support/sockets/held-dialer.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';

class Waiter implements PoolWaiter {
  channel: Channel | undefined;
  error: BalanceError | undefined;
  readonly pending: PendingTake | undefined;

  constructor(pool: ChannelPool) {
    this.pending = pool.take(this, false);
  }

  taken(channel: Channel): void {
    this.channel = channel;
  }

  failed(error: BalanceError): void {
    this.error = error;
  }

  leave(): void {
    this.pending?.destroy();
  }

  async answered(): Promise<this> {
    await eventually(() => this.channel !== undefined || this.error !== undefined, 'it is answered');
    return this;
  }
}

async function parts() {
  const server = owned(await RecordingBackend.start());
  const backend = new BackendState(0, 'backend', parseAddress(server.address), server.address);
  const sockets = new SocketDialer(
    { connectTimeoutMs: PATIENCE_MS, keepAliveMs: 0 },
    { names: fixedNames(), buffers: new ReadBuffers(), onFault: () => undefined },
  );
  return { server, backend, dialer: new HeldDialer(sockets) };
}

async function lab(settings: Partial<PoolSettings> = {}, use: SocketUse = 'keep-alive') {
  const { server, backend, dialer } = await parts();
  const all: PoolSettings = {
    maxSize: 0,
    minIdle: 0,
    maxIdle: 0,
    maxIdleTimeMs: 60_000,
    maxAgeMs: 0,
    validateOnBorrow: true,
    ...settings,
  };
  const pool = owned(new SocketPool(backend, use, all, dialer));
  return { server, backend, dialer, pool };
}

/** Lets promises that are settled go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a dial whose lease has left', () => {
  it('is ended where each lease has a connection of its own', async () => {
    const { backend, dialer } = await parts();
    const waiter = new Waiter(new FreshSockets(backend, dialer));
    waiter.leave();
    await settled();
    expect(dialer.dials.map(({ state }) => state)).toEqual(['destroyed']);
    expect([waiter.channel, waiter.error, backend.connectFailures]).toEqual([undefined, undefined, 0]);
  });

  it('serves the next lease that waits', async () => {
    const { dialer, pool } = await lab();
    const gone = new Waiter(pool);
    gone.leave();
    const next = new Waiter(pool);
    expect(dialer.dials).toHaveLength(1);
    await dialer.dials[0]?.finish();
    await next.answered();
    expect([next.channel !== undefined, gone.channel, pool.leased, pool.waiting]).toEqual([
      true,
      undefined,
      1,
      0,
    ]);
  });

  it('becomes an idle socket where no lease waits', async () => {
    const { dialer, pool } = await lab();
    new Waiter(pool).leave();
    await dialer.dials[0]?.finish();
    await eventually(() => pool.idle === 1, 'it is idle');
    const next = await new Waiter(pool).answered();
    expect([dialer.dials.length, next.channel?.uses]).toEqual([1, 1]);
  });

  it('takes no place of the pool from leases', async () => {
    const { pool } = await lab({ maxSize: 1 });
    const gone = new Waiter(pool);
    expect(pool.isFull).toBe(true);
    gone.leave();
    gone.leave();
    expect([pool.isFull, pool.waiting]).toEqual([false, 0]);
  });

  it('is one, however many leases come and go', async () => {
    const { dialer, pool } = await lab();
    const clock = stoppedClock();
    for (let round = 0; round < 100; round++) {
      const waiter = new Waiter(pool);
      clock.advance(100);
      waiter.leave();
      await settled();
      expect(dialer.waiting).toHaveLength(1);
    }
    // A dial that has not ended within a second is replaced by that of a lease that comes then.
    expect(dialer.dials).toHaveLength(10);
  });

  it('is replaced when it is late, so that a lease that comes then has the whole time for connecting', async () => {
    const { dialer, pool } = await lab({ maxSize: 1 });
    const clock = stoppedClock();
    new Waiter(pool).leave();
    clock.advance(1_000);
    const next = new Waiter(pool);
    clock.release();
    await eventually(() => dialer.dials.length === 2, 'another one was begun');
    expect(dialer.dials[0]?.state).toBe('destroyed');
    await dialer.dials[1]?.finish();
    expect((await next.answered()).channel).toBeDefined();
  });

  it('tells the leases that wait for it when it fails, and no later ones', async () => {
    const { dialer, pool } = await lab();
    new Waiter(pool).leave();
    const next = new Waiter(pool);
    dialer.dials[0]?.fail();
    expect((await next.answered()).error?.code).toBe('connect_timeout');
    new Waiter(pool).leave();
    dialer.dials[1]?.fail();
    await settled();
    const last = new Waiter(pool);
    await eventually(() => dialer.dials.length === 3, 'another one was begun');
    await dialer.dials[2]?.finish();
    expect((await last.answered()).channel).toBeDefined();
  });

  it('is ended where its socket would not be kept (max_idle)', async () => {
    const { dialer, pool } = await lab({ maxIdle: 2 });
    const waiters = Array.from({ length: 10 }, () => new Waiter(pool));
    for (const waiter of waiters.slice(1)) waiter.leave();
    expect(dialer.waiting).toEqual(dialer.dials.slice(0, 3));
    for (const dial of dialer.waiting) await dial.finish();
    await waiters[0]?.answered();
    await eventually(() => pool.idle === 2, 'two are idle');
  });

  it('is ended where so many are connected ahead already', async () => {
    const { dialer, pool } = await lab({ minIdle: 1 }, 'once');
    expect(dialer.dials).toHaveLength(1);
    const waiters = Array.from({ length: 5 }, () => new Waiter(pool));
    for (const waiter of waiters) waiter.leave();
    expect(dialer.waiting).toHaveLength(1);
    await dialer.waiting[0]?.finish();
    await eventually(() => pool.idle === 1, 'it is idle');
    expect(dialer.waiting).toHaveLength(0);
    await new Waiter(pool).answered();
    await eventually(() => dialer.waiting.length === 1, 'another one is connected ahead in its place');
  });

  it('is ended when the pool is closed, which serves the leases that stay', async () => {
    const { dialer, pool } = await lab();
    const [gone, stays] = [new Waiter(pool), new Waiter(pool)];
    gone.leave();
    pool.close();
    expect(dialer.waiting).toHaveLength(1);
    await dialer.waiting[0]?.finish();
    expect((await stays.answered()).channel).toBeDefined();
    const late = new Waiter(pool);
    late.leave();
    expect(dialer.dials.at(-1)?.state).toBe('destroyed');
  });

  it('is ended when its lease leaves a pool that is closing', async () => {
    const { dialer, pool } = await lab();
    const waiters = [new Waiter(pool), new Waiter(pool)];
    pool.close();
    for (const waiter of waiters) waiter.leave();
    expect(dialer.waiting).toEqual([]);
  });
});
