import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { backend, naming } from '../../../support/peers/backends.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { poolLab, takeFrom } from '../../../support/labs/pool-lab.ts';
import { RecordingReader } from '../../../support/sockets/recording-reader.ts';
import type { PooledSocket } from '../../../../src/upstream/pool/pooled-socket.ts';
import { WarmSockets } from '../../../../src/upstream/pool/warm-sockets.ts';
import { client } from '../../../support/peers/clients.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';

describe('warm sockets to a server that greets', () => {
  it('are replaced when the server ends or resets them, and no client gets a stale greeting', async () => {
    let accepted = 0;
    const { server, pool } = await poolLab(
      { minIdle: 2 },
      {
        use: 'once',
        script: (connection) => {
          connection.send(`220 hello ${(accepted += 1)}\r\n`);
        },
      },
    );
    await eventually(() => server.connections.length === 2 && pool.idle === 2, 'both are warm');
    server.connections[0]!.end();
    server.connections[1]!.reset();
    await eventually(() => server.connections.length === 4 && pool.idle === 2, 'others are warm');
    const socket = await takeFrom(pool);
    const reader = new RecordingReader();
    socket.stream.read(reader);
    await eventually(() => /^220 hello [34]\r\n$/.test(reader.text), 'a fresh greeting');
    expect(socket.stream.destroyed).toBe(false);
    socket.stream.destroy();
  });

  it('are never lent once the server ended them, though it said something before', async () => {
    const { server, pool, take } = await poolLab({ minIdle: 1 }, { use: 'once', script: naming('hello') });
    await eventually(() => pool.idle === 1, 'one is warm');
    server.connections[0]!.end();
    const ended = await take();
    ended.stream.destroy();
    await eventually(() => server.connections.length >= 2, 'another one');
  });

  it('give what the server said first to the client, and then all else, in order', async () => {
    const server = await backend((connection) => {
      connection.send('220 ');
      setImmediate(() => connection.send('ready\r\n'));
      connection.socket.on('data', (bytes: Buffer) => connection.socket.write(`250 ${bytes.toString()}`));
    });
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nconnection_pool: { min_idle: 1 }\n`,
    );
    for (let round = 0; round < 3; round += 1) {
      await eventually(() => server.connections.length > round, 'one is warm');
      const near = await client(proxy.address());
      await near.untilText('220 ready\r\n');
      near.send('HELO\r\n');
      await near.untilText('250 HELO\r\n');
      expect(near.text).toBe('220 ready\r\n250 HELO\r\n');
      near.close();
    }
  });

  it('lead to the server also where it ends each connection after its greeting', async () => {
    const server = await backend((connection) => {
      connection.send('now\r\n');
      connection.end();
    });
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nconnection_pool: { min_idle: 2 }\n`,
    );
    for (let round = 0; round < 3; round += 1) {
      const near = await client(proxy.address());
      await near.untilText('now\r\n');
      expect(await near.untilEnded()).toBe('end');
      near.close();
    }
  });

  it('keep no more of a server that speaks on and on than a little', async () => {
    const { pool } = await poolLab(
      { minIdle: 1 },
      {
        use: 'once',
        script: (connection) => {
          connection.socket.write(Buffer.alloc(8 * 1024 * 1024));
        },
      },
    );
    await eventually(() => pool.idle === 1, 'one is warm');
    const socket = await takeFrom(pool);
    expect(socket.stream.bytesReceived).toBeLessThan(1024 * 1024);
    const reader = new RecordingReader();
    socket.stream.read(reader);
    await eventually(() => reader.length === 8 * 1024 * 1024, 'all of it comes when somebody reads');
    socket.stream.destroy();
  });
});

describe('what a pool learns from warm sockets', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** A socket that is connected now. */
  function connected(hasUnreadBytes = true): PooledSocket {
    return { createdAtMs: performance.now(), stream: { hasUnreadBytes } } as unknown as PooledSocket;
  }

  it('is when the server gives up on silent clients: nobody gets a socket that is older than half of that', () => {
    const warm = new WarmSockets();
    for (let round = 0; round < 2; round += 1) {
      const socket = connected();
      vi.advanceTimersByTime(10_000 + round * 800);
      expect(warm.isOld(socket)).toBe(false);
      expect(warm.ended(socket)).toBe(0);
    }
    const next = connected();
    const silent = connected(false);
    vi.advanceTimersByTime(4_900);
    expect(warm.isOld(next)).toBe(false);
    vi.advanceTimersByTime(200);
    expect([warm.isOld(next), warm.isOld(silent)]).toEqual([true, false]);
  });

  it('is nothing from a restart that ends all at once, or from ends without a rule', () => {
    const warm = new WarmSockets();
    const together = [connected(), connected()];
    vi.advanceTimersByTime(10_000);
    for (const socket of together) warm.ended(socket);
    const later = connected();
    vi.advanceTimersByTime(30_000);
    warm.ended(later);
    const next = connected();
    vi.advanceTimersByTime(1_000_000);
    expect(warm.isOld(next)).toBe(false);
  });

  it('is to connect less often to a server that ends them at once, until one is used', () => {
    const warm = new WarmSockets();
    const pauses = Array.from({ length: 9 }, () => warm.ended(connected()));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    warm.used();
    expect(warm.ended(connected())).toBe(1_000);
  });
});
