import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { poolLab, poolOf, takeFrom } from '../../../support/labs/pool-lab.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { RecordingReader } from '../../../support/sockets/recording-reader.ts';

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

describe('a pool of sockets that serve one exchange after the other', () => {
  it('gives a socket that came back out again', async () => {
    const { server, backend, pool, take } = await poolLab();
    const first = await take();
    expect([pool.leased, pool.idle]).toEqual([1, 0]);
    pool.release(first, Infinity);
    expect([pool.leased, pool.idle]).toEqual([0, 1]);
    const second = await take();
    expect(second).toBe(first);
    expect(second.uses).toBe(2);
    expect([backend.created, backend.reused, backend.sockets]).toEqual([1, 1, 1]);
    await eventually(() => server.connections.length === 1, '1 connected');
  });

  it('connects as many as are taken at once, and the last one that came back goes out first', async () => {
    const { backend, pool, take } = await poolLab();
    const [a, b] = await Promise.all([take(), take()]);
    expect(a).not.toBe(b);
    pool.release(a, Infinity);
    pool.release(b, Infinity);
    expect(await take()).toBe(b);
    expect(await take()).toBe(a);
    expect(backend.created).toBe(2);
  });

  it('never has more sockets than max_size: who comes then waits for one that comes back', async () => {
    const { server, pool, take } = await poolLab({ maxSize: 2 });
    const [a] = await Promise.all([take(), take()]);
    let served = false;
    const third = take().then((socket) => {
      served = true;
      return socket;
    });
    await pause(30);
    expect(served).toBe(false);
    pool.release(a, Infinity);
    expect(await third).toBe(a);
    await eventually(() => server.connections.length === 2, '2 connected');
  });

  it('closes what comes back beyond max_idle, and makes nobody wait for it', async () => {
    const { server, backend, pool, take } = await poolLab({ maxIdle: 2, maxSize: 0 });
    const sockets = await Promise.all(Array.from({ length: 5 }, () => take()));
    for (const socket of sockets) pool.release(socket, Infinity);
    expect([pool.leased, pool.idle]).toEqual([0, 2]);
    const open = () => server.connections.filter(({ ending }) => ending === undefined).length;
    await eventually(() => open() === 2, '3 are closed');
    expect(await take()).toBe(sockets[1]);
    expect(await take()).toBe(sockets[0]);
    expect([backend.created, backend.discarded]).toEqual([5, 3]);
  });

  it('gives who waits what comes back, however few idle sockets are kept', async () => {
    const { backend, pool, take } = await poolLab({ maxIdle: 1, maxSize: 2 });
    const [a, b] = await Promise.all([take(), take()]);
    const [third, fourth] = [take(), take()];
    pool.release(a, Infinity);
    pool.release(b, Infinity);
    expect(new Set(await Promise.all([third, fourth]))).toEqual(new Set([a, b]));
    expect(backend.created).toBe(2);
  });

  it('has as many sockets as are asked for where max_size is 0', async () => {
    const { backend, pool, take } = await poolLab({ maxSize: 0 });
    const sockets = await Promise.all(Array.from({ length: 40 }, () => take()));
    expect([pool.isFull, pool.leased, backend.created, backend.poolSize]).toEqual([false, 40, 40, 0]);
    for (const socket of sockets) pool.release(socket, Infinity);
    expect(pool.idle).toBe(40);
  });

  it('connects for who waits when a socket is thrown away', async () => {
    const { server, pool, take } = await poolLab({ maxSize: 1 });
    const a = await take();
    const waiting = take();
    pool.release(a, 0);
    const b = await waiting;
    expect(b).not.toBe(a);
    expect(a.stream.destroyed).toBe(true);
    await eventually(() => server.connections.length === 2, '2 connected');
    expect([pool.leased, pool.idle]).toEqual([1, 0]);
  });

  it('connects beside those who wait, where sockets serve once and so many connects are under way', async () => {
    const { backend, take } = await poolLab({ maxSize: 1 }, { use: 'once' });
    const sockets = await Promise.all([take(), take(), take()]);
    expect(new Set(sockets).size).toBe(3);
    expect(backend.created).toBeGreaterThanOrEqual(3);
  });

  it('ignores a socket that is given back twice', async () => {
    const { pool, take } = await poolLab();
    const a = await take();
    pool.release(a, Infinity);
    pool.release(a, Infinity);
    pool.release(a, 0);
    expect([pool.leased, pool.idle]).toEqual([0, 1]);
    const [b, c] = await Promise.all([take(), take()]);
    expect(b).not.toBe(c);
  });

  it('does not give out a socket whose backend has ended it', async () => {
    const { server, backend, pool, take } = await poolLab();
    const a = await take();
    pool.release(a, Infinity);
    (await server.connection(0)).end();
    await eventually(() => a.stream.destroyed, 'the end was noticed');
    const b = await take();
    expect(b).not.toBe(a);
    expect(backend.created).toBe(2);
    expect(backend.reused).toBe(0);
  });

  it('throws a socket away on which bytes come while it rests', async () => {
    const { server, pool, take } = await poolLab();
    const a = await take();
    pool.release(a, Infinity);
    (await server.connection(0)).send('HTTP/1.1 200 OK\r\n\r\n');
    await eventually(() => a.stream.destroyed, 'the poison was noticed');
    const b = await take();
    const reader = new RecordingReader();
    b.stream.read(reader);
    await pause(20);
    expect(b).not.toBe(a);
    expect(reader.text).toBe('');
  });

  it('throws a socket away that comes back with bytes that nobody read', async () => {
    const { server, pool, take } = await poolLab();
    const a = await take();
    a.stream.read(new RecordingReader());
    a.stream.pause();
    (await server.connection(0)).send('unasked');
    await pause(20);
    pool.release(a, Infinity);
    await eventually(() => a.stream.destroyed, 'the poison was noticed');
    expect(await take()).not.toBe(a);
  });

  it('takes no dead socket back', async () => {
    const { pool, take } = await poolLab();
    const a = await take();
    a.stream.destroy();
    pool.release(a, Infinity);
    expect([pool.leased, pool.idle]).toEqual([0, 0]);
  });

  it('forgets idle sockets that died', async () => {
    const { server, backend, pool, take } = await poolLab();
    const sockets = await Promise.all([take(), take()]);
    for (const socket of sockets) pool.release(socket, Infinity);
    await server.close();
    await eventually(() => backend.sockets === 0, 'both are gone');
    await eventually(() => pool.idle === 0, 'both are forgotten');
  });

  it('closes what was idle for too long', async () => {
    const { server, backend, pool, take } = await poolLab({ maxIdleTimeMs: 300 });
    pool.release(await take(), Infinity);
    expect(backend.sockets).toBe(1);
    expect(await (await server.connection(0)).untilEnded()).toBe('end');
    await eventually(() => pool.idle === 0 && backend.sockets === 0, 'it is gone');
  });

  it('keeps min_idle sockets connected, before anybody asks and when they are idle for long', async () => {
    const { server, pool, take } = await poolLab({ minIdle: 2, maxIdleTimeMs: 200 });
    await eventually(() => pool.idle === 2, 'two are connected');
    const sockets = await Promise.all([take(), take(), take()]);
    await eventually(() => server.connections.length === 3, 'a third one is connected');
    for (const socket of sockets) pool.release(socket, Infinity);
    await eventually(() => pool.idle === 2, 'the third one went');
    await pause(300);
    expect(pool.idle).toBe(2);
  });

  it('uses no socket longer than max_age', async () => {
    const { backend, pool, take } = await poolLab({ maxAgeMs: 100 });
    const a = await take();
    pool.release(a, Infinity);
    expect(await take()).toBe(a);
    pool.release(a, Infinity);
    await pause(150);
    const b = await take();
    expect(b).not.toBe(a);
    await pause(150);
    pool.release(b, Infinity);
    expect(b.stream.destroyed).toBe(true);
    expect([backend.created, pool.idle]).toEqual([2, 0]);
  });

  it('gives out a dead socket only where validation is off', async () => {
    const { server, pool, take } = await poolLab({ validateOnBorrow: false });
    const a = await take();
    pool.release(a, Infinity);
    (await server.connection(0)).end();
    await eventually(() => a.stream.destroyed, 'the end was noticed');
    expect(await take()).toBe(a);
  });

  it.each([true, false])(
    'lends no socket to an address that the name of its backend has lost (validation %s)',
    async (validateOnBorrow) => {
      const server = owned(await RecordingBackend.start());
      const { backend, pool, take } = poolOf(`localhost:${String(server.port)}`, { validateOnBorrow });
      const [idle, leased] = await Promise.all([take(), take()]);
      pool.release(idle, Infinity);
      backend.addressesChanged(['127.0.0.9']);
      const next = await take();
      expect(next).not.toBe(idle);
      expect(leased.stream.destroyed).toBe(false);
      pool.release(leased, Infinity);
      expect(leased.stream.destroyed).toBe(true);
      pool.release(next, Infinity);
      await eventually(() => backend.sockets === 1, 'the idle one is closed without being asked for');
    },
  );

  it('lends a socket again whose address has come back', async () => {
    const server = owned(await RecordingBackend.start());
    const { backend, pool, take } = poolOf(`localhost:${String(server.port)}`);
    const first = await take();
    backend.addressesChanged([]);
    backend.addressesChanged(['127.0.0.1']);
    pool.release(first, Infinity);
    expect(await take()).toBe(first);
  });

  it('closes idle sockets at once and leased ones when they come back', async () => {
    const { backend, pool, take } = await poolLab({ minIdle: 1 });
    const [a, b] = await Promise.all([take(), take()]);
    pool.release(a, Infinity);
    pool.close();
    await eventually(() => a.stream.destroyed, 'the idle one is closed');
    expect(b.stream.destroyed).toBe(false);
    expect(backend.pools.size).toBe(0);
    pool.release(b, Infinity);
    expect(b.stream.destroyed).toBe(true);
    await eventually(() => backend.sockets === 0, 'nothing is left');
    await pause(50);
    expect(backend.created, 'min_idle brings nothing back').toBeLessThanOrEqual(3);
    expect(backend.sockets).toBe(0);
    pool.close();
  });

  it('serves who waits for a connection when it is closed, and keeps it for nobody else', async () => {
    const { backend, pool } = await poolLab();
    const taken = takeFrom(pool);
    pool.close();
    const socket = await taken;
    expect(socket.stream.destroyed).toBe(false);
    expect(backend.created).toBe(1);
    pool.release(socket, Infinity);
    await eventually(() => backend.sockets === 0, 'nothing is left');
  });

  it('serves who waits in its line when it is closed', async () => {
    const { backend, pool, take } = await poolLab({ maxSize: 1 });
    const a = await take();
    const waiting = take();
    pool.close();
    pool.release(a, Infinity);
    const b = await waiting;
    expect(b.stream.destroyed).toBe(false);
    pool.release(b, Infinity);
    await eventually(() => backend.sockets === 0, 'nothing is left');
  });

  it.each(['keep-alive', 'once'] as const)(
    'connects for who asks after it was closed, also without ever having been used (%s)',
    async (use) => {
      const { backend, pool, take } = await poolLab({}, { use });
      pool.close();
      const [back, dropped] = await Promise.all([take(), take()]);
      expect([back.stream.destroyed, dropped.stream.destroyed]).toEqual([false, false]);
      pool.release(back, Infinity);
      pool.release(dropped, 0);
      expect([pool.leased, pool.idle]).toEqual([0, 0]);
      await eventually(() => backend.sockets === 0, 'nothing is left');
    },
  );
});

describe('a pool of a backend that can not be reached', () => {
  it('says why, each time, and tries once for each who asks', async () => {
    const address = await deadAddress();
    const { pool, take } = poolOf(address);
    for (let round = 0; round < 3; round += 1) {
      await expect(take()).rejects.toMatchObject({ code: 'connect_failed', retryable: true, status: 502 });
    }
    expect(pool.leased).toBe(0);
    await eventually(() => pool.idle === 0, 'no failure rests in the pool');
  });

  it('answers all who ask at once', async () => {
    const { take } = poolOf(await deadAddress(), { maxSize: 2 });
    const results = await Promise.allSettled(Array.from({ length: 8 }, take));
    expect(results.map(({ status }) => status)).toEqual(Array<string>(8).fill('rejected'));
  });

  it.each([0, 3])('does not connect without pause (min_idle %i)', async (minIdle) => {
    // Takes and drops: each attempt is seen.
    const server = await RecordingBackend.start();
    const address = server.address;
    await server.close();
    const { pool } = poolOf(address, { minIdle, maxSize: 5 }, 'keep-alive');
    let attempts = 0;
    const { Socket } = await import('node:net');
    const original = Socket.prototype.connect;
    Socket.prototype.connect = function (this: InstanceType<typeof Socket>, ...args: unknown[]) {
      attempts += 1;
      return Reflect.apply(original, this, args) as InstanceType<typeof Socket>;
    };
    try {
      for (let round = 0; round < 5; round += 1) {
        await takeFrom(pool).catch(() => undefined);
        await pause(300);
      }
    } finally {
      Socket.prototype.connect = original;
    }
    // One for each who asked, and min_idle once a second.
    expect(attempts).toBeGreaterThanOrEqual(5);
    expect(attempts).toBeLessThan(40);
  });

  it('does not count failures as idle sockets', async () => {
    const { pool } = poolOf(await deadAddress(), { minIdle: 2 });
    for (let look = 0; look < 10; look += 1) {
      await pause(10);
      expect(pool.idle).toBe(0);
    }
  });

  it('serves as soon as the backend is there', async () => {
    const server = await RecordingBackend.start();
    const { port, address } = server;
    await server.close();
    const { take } = poolOf(address, { minIdle: 2 });
    await expect(take()).rejects.toMatchObject({ code: 'connect_failed' });
    const { createServer } = await import('node:net');
    const back = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => back.once('listening', resolve));
    try {
      // An attempt from before may still have to fail.
      const socket = await eventually(() => take().catch(() => undefined), 'a socket is there');
      expect(socket.stream.destroyed).toBe(false);
      socket.stream.destroy();
    } finally {
      back.close();
    }
  });
});

describe('a pool of sockets that serve one connection only', () => {
  it('keeps min_idle of them connected, and connects another one for each that is taken', async () => {
    const { server, pool, take } = await poolLab({ minIdle: 2 }, { use: 'once' });
    await eventually(() => pool.idle === 2 && server.connections.length === 2, 'two are warm');
    const a = await take();
    await eventually(() => pool.idle === 2 && server.connections.length === 3, 'two are warm again');
    expect(pool.leased).toBe(1);
    expect(a.stream.destroyed).toBe(false);
  });

  it('never gives a socket out twice', async () => {
    const { pool, take } = await poolLab({ minIdle: 1 }, { use: 'once' });
    const seen = new Set<unknown>();
    for (let round = 0; round < 5; round += 1) {
      const socket = await take();
      expect(seen.has(socket)).toBe(false);
      expect(socket.uses).toBe(1);
      seen.add(socket);
      pool.release(socket, Infinity);
      expect(socket.stream.destroyed).toBe(true);
    }
  });

  it('keeps what the server said first', async () => {
    const { pool, take } = await poolLab(
      { minIdle: 1 },
      { use: 'once', script: (connection) => connection.send('220 hello\r\n') },
    );
    await eventually(() => pool.idle === 1, 'one is warm');
    await pause(30);
    const socket = await take();
    const reader = new RecordingReader();
    socket.stream.read(reader);
    await reader.untilText('220 hello\r\n');
    await pause(20);
    expect(reader.text).toBe('220 hello\r\n');
  });

  it('renews warm sockets that were idle for too long or died', async () => {
    const { server, backend, pool } = await poolLab({ minIdle: 1, maxIdleTimeMs: 200 }, { use: 'once' });
    await eventually(() => server.connections.length === 3, 'it was renewed twice');
    await eventually(() => pool.idle === 1 && backend.sockets === 1, 'one is warm');
    server.connections.at(-1)?.end();
    await eventually(() => server.connections.length === 4, 'it was renewed');
  });

  it('leaves sockets that are in use alone when it is closed', async () => {
    const { backend, pool, take } = await poolLab({ minIdle: 1 }, { use: 'once' });
    const socket = await take();
    pool.close();
    await eventually(() => backend.sockets === 1, 'the warm one is closed');
    expect(socket.stream.destroyed).toBe(false);
    pool.release(socket, Infinity);
    expect(socket.stream.destroyed).toBe(true);
    await eventually(() => backend.sockets === 0, 'nothing is left');
  });
});
