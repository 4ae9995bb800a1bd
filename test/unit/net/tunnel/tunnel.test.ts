import { describe, expect, it } from 'vitest';

import { Tunnel } from '../../../../src/net/tunnel/tunnel.ts';
import { TunnelStats } from '../../../../src/net/tunnel/tunnel-stats.ts';
import type { TunnelResult } from '../../../../src/plugin-api/index.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { receiveBulk, sendBulk } from '../../../support/sockets/flow.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';
import {
  StreamLab,
  type StreamEnds,
  type StreamPath,
  type Transport,
} from '../../../support/sockets/stream-ends.ts';

const MIB = 1024 * 1024;

interface Joined {
  readonly down: StreamEnds;
  readonly up: StreamEnds;
  readonly results: TunnelResult[];
  readonly faults: unknown[];
}

interface JoinOptions {
  readonly idleTimeoutMs?: number;
  readonly path?: StreamPath;
  readonly transport?: Transport;
}

async function join({
  idleTimeoutMs = 0,
  path = 'accepted',
  transport = 'tcp',
}: JoinOptions = {}): Promise<Joined> {
  const lab = new StreamLab();
  const [down, up] = await Promise.all([lab.open(path, transport), lab.open('dialled', transport)]);
  const results: TunnelResult[] = [];
  new Tunnel({
    downstream: down.stream,
    upstream: up.stream,
    idleTimeoutMs,
    ended: (result) => results.push(result),
  });
  return { down, up, results, faults: lab.faults };
}

function over({ results }: Joined): Promise<TunnelResult> {
  return eventually(() => results[0], 'the tunnel ended');
}

describe.each([
  ['accepted', 'tcp'],
  ['accepted', 'unix'],
  ['accepted, by data events', 'tcp'],
] as const)('a tunnel (%s, %s)', (path, transport) => {
  it('carries much in both directions at once, and counts it', async () => {
    const joined = await join({ path, transport });
    const { down, up } = joined;
    const [toServer, toClient] = [9 * MIB + 3, 7 * MIB + 5];
    const received = [receiveBulk(up.peer, toServer), receiveBulk(down.peer, toClient)];
    const sent = [
      sendBulk(down.peer, toServer, new SeededRandom(1)),
      sendBulk(up.peer, toClient, new SeededRandom(2)),
    ];
    expect(await Promise.all(received)).toEqual(await Promise.all(sent));
    down.peer.end();
    up.peer.end();
    expect(await over(joined)).toMatchObject({
      bytesReceived: toServer,
      bytesSent: toClient,
      error: undefined,
    });
  });

  it('lets the server answer after the client ended its direction', async () => {
    const joined = await join({ path, transport });
    const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
    client.send('question');
    client.end();
    expect(await server.untilEnded()).toBe('end');
    expect(server.text).toBe('question');
    expect(client.ending).toBeUndefined();
    server.send('answer');
    await client.untilText('answer');
    server.end();
    expect(await client.untilClosed()).toBe('end');
    expect(await over(joined)).toEqual({
      bytesReceived: 8,
      bytesSent: 6,
      endedBy: 'client',
      error: undefined,
    });
  });

  it('lets the client go on after the server ended its direction', async () => {
    const joined = await join({ path, transport });
    const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
    server.send('bye');
    server.end();
    expect(await client.untilEnded()).toBe('end');
    expect(client.text).toBe('bye');
    client.send('last words');
    await server.untilText('last words');
    client.end();
    expect(await server.untilClosed()).toBe('end');
    expect(await over(joined)).toEqual({
      bytesReceived: 10,
      bytesSent: 3,
      endedBy: 'backend',
      error: undefined,
    });
  });

  it('delivers all of a long answer to a client that ended its direction and reads slowly', async () => {
    const joined = await join({ path, transport });
    const { down, up } = joined;
    down.peer.end();
    await eventually(() => up.stream.writeEnded, 'the end was passed on');
    down.peer.pause();
    const sent = sendBulk(up.peer, 16 * MIB, new SeededRandom(3)).then((sum) => {
      up.peer.end();
      return sum;
    });
    setTimeout(() => down.peer.resume(), 50);
    expect(await receiveBulk(down.peer, 16 * MIB)).toBe(await sent);
    expect((await over(joined)).error).toBeUndefined();
  });
});

describe('a tunnel', () => {
  it('resets the server when the client resets, and says so', async () => {
    const joined = await join();
    const server = new ByteSocket(joined.up.peer);
    joined.down.peer.write('x');
    await server.untilText('x');
    joined.down.peer.resetAndDestroy();
    expect(await server.untilClosed()).toBe('reset');
    expect(await over(joined)).toMatchObject({
      endedBy: 'client',
      error: { code: 'client_abort', origin: 'downstream' },
    });
  });

  it('resets the client when the server resets, and says so', async () => {
    const joined = await join();
    const client = new ByteSocket(joined.down.peer);
    joined.up.peer.write('half an answ');
    await client.untilText('half an answ');
    joined.up.peer.resetAndDestroy();
    expect(await client.untilClosed()).toBe('reset');
    expect(await over(joined)).toMatchObject({
      endedBy: 'backend',
      error: { code: 'backend_reset', origin: 'upstream' },
    });
  });

  it('resets the other side also when that side had ended its direction', async () => {
    const joined = await join();
    const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
    client.end();
    await server.untilEnded();
    server.reset();
    expect(await client.untilClosed()).toBe('reset');
    expect((await over(joined)).endedBy).toBe('backend');
  });

  it.each(['downstream', 'upstream'] as const)(
    'ends both sides when the %s is destroyed from outside',
    async (side) => {
      const joined = await join();
      const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
      (side === 'downstream' ? joined.down : joined.up).stream.destroy();
      await Promise.all([client.untilEnded(), server.untilEnded()]);
      expect((await over(joined)).endedBy).toBe('proxy');
    },
  );

  it.each(['downstream', 'upstream'] as const)(
    'ends both sides when the %s is destroyed from outside after its peer ended',
    async (side) => {
      const joined = await join();
      const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
      const [near, far] = side === 'downstream' ? [client, server] : [server, client];
      near.end();
      await far.untilEnded();
      (side === 'downstream' ? joined.down : joined.up).stream.destroy();
      expect((await over(joined)).endedBy).toBe('proxy');
      expect([joined.down.stream.destroyed, joined.up.stream.destroyed]).toEqual([true, true]);
    },
  );

  it('ends when no byte moved for too long', async () => {
    const joined = await join({ idleTimeoutMs: 50 });
    const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
    await Promise.all([client.untilEnded(), server.untilEnded()]);
    expect(await over(joined)).toMatchObject({ endedBy: 'proxy', error: { code: 'idle_timeout' } });
  });

  it('does not end while bytes move in either direction', async () => {
    const clock = stoppedClock();
    const joined = await join({ idleTimeoutMs: 400 });
    const [client, server] = [new ByteSocket(joined.down.peer), new ByteSocket(joined.up.peer)];
    for (let round = 0; round < 8; round += 1) {
      const [from, to] = round < 4 ? [client, server] : [server, client];
      from.send('tick');
      await to.untilLength((round % 4) * 4 + 4);
      clock.advance(399);
    }
    expect(joined.results).toEqual([]);
    clock.advance(1);
    clock.release();
    expect(await over(joined)).toMatchObject({ error: { code: 'idle_timeout' } });
  });

  it('stops reading from a fast sender while the receiver takes nothing', async () => {
    const joined = await join();
    joined.down.peer.pause();
    joined.up.peer.write(Buffer.alloc(40 * MIB));
    await eventually(() => joined.down.stream.writableLength > 0, 'the client is full');
    const before = joined.up.stream.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(joined.down.stream.writableLength).toBeLessThan(MIB);
    expect(joined.up.peer.writableLength).toBeGreaterThan(10 * MIB);
    expect(before).toBe(0);
  });

  it('is counted while it runs', async () => {
    const lab = new StreamLab();
    const tally = new TunnelStats();
    const [down, up] = await Promise.all([lab.open('accepted'), lab.open('dialled')]);
    let ended = 0;
    const options = {
      downstream: down.stream,
      upstream: up.stream,
      idleTimeoutMs: 0,
      early: { received: 7, sent: 3 },
    };
    const backend = { index: 0, name: 'b', address: 'b:1' };
    tally.open({ ...options, backend, ended: () => (ended += 1) }, 'l');
    const known = (): unknown[] =>
      [...tally.counts(new Set(['l']), new Set(['b']))].map(({ traffic, ...count }) => [
        Object.values(count),
        traffic.bytesReceived,
        traffic.bytesSent,
      ]);
    down.peer.write('four');
    up.peer.write('eleven more');
    await eventually(() => JSON.stringify(known()) === '[[["l","b",1,1],11,14]]', 'both are counted');
    // What still runs is not forgotten.
    expect([...tally.counts(new Set(), new Set())]).toHaveLength(1);
    down.peer.end();
    up.peer.end();
    await eventually(() => ended === 1, 'the tunnel ended');
    expect(known()).toEqual([[['l', 'b', 0, 1], 11, 14]]);
    expect([...tally.counts(new Set(['l']), new Set())]).toEqual([]);
    expect(known()).toEqual([]);
  });
});
