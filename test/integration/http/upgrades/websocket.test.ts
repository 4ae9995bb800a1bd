import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { echo, reply } from './websocket-scene.ts';

describe('WebSocket through the proxy', () => {
  it('agrees on subprotocol and permessage-deflate, and carries text and bytes', async () => {
    const { connect } = await echo();
    const socket = await connect();
    expect(socket.protocol).toBe('second');
    expect(socket.extensions).toContain('permessage-deflate');
    expect((await reply(socket, 'grüße')).toString()).toBe('grüße');
    const bytes = randomBytes(1000);
    expect((await reply(socket, bytes)).equals(bytes)).toBe(true);
  });

  it('carries messages of megabytes, compressed or not', async () => {
    const { connect } = await echo();
    for (const perMessageDeflate of [true, false]) {
      const socket = await connect({ perMessageDeflate });
      const bytes = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000, 'a')]);
      expect((await reply(socket, bytes)).equals(bytes)).toBe(true);
    }
  });

  it('delivers a message that the server sends with its handshake', async () => {
    const { proxy } = await echo();
    const socket = new WebSocket(`ws://${proxy.address()}/greets`, ['second']);
    owned({ close: () => socket.terminate() });
    const [greeting] = (await once(socket, 'message')) as [Buffer];
    expect(greeting.toString()).toBe('welcome');
  });

  it('carries close codes both ways', async () => {
    const { connect, server } = await echo();
    const mine = await connect();
    const [theirs] = [...server.clients];
    const seenByServer = once(theirs!, 'close');
    mine.close(4001, 'client is done');
    const [code, reason] = (await seenByServer) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4001, 'client is done']);
    const other = await connect();
    const seenByClient = once(other, 'close');
    for (const socket of server.clients) socket.close(4002, 'server is done');
    const [otherCode, otherReason] = (await seenByClient) as [number, Buffer];
    expect([otherCode, otherReason.toString()]).toEqual([4002, 'server is done']);
  });

  it('ends one side when the other one vanishes, and leaves nothing behind', async () => {
    const { proxy, connect, server } = await echo();
    const first = await connect();
    const [theirs] = [...server.clients];
    const seenByServer = once(theirs!, 'close');
    first.terminate();
    expect((await seenByServer)[0]).toBe(1006);
    const second = await connect();
    const seenByClient = once(second, 'close');
    for (const socket of server.clients) socket.terminate();
    expect((await seenByClient)[0]).toBe(1006);
    await eventually(
      async () => (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_tunnels_active') === 0,
      'no tunnel runs',
    );
  });

  it('carries many at a time without mixing them', async () => {
    const { connect } = await echo();
    const sockets = await Promise.all(Array.from({ length: 30 }, () => connect()));
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        sockets.map((socket, i) => reply(socket, `socket ${i} round ${round}`)),
      );
      expect(answers.map(String)).toEqual(sockets.map((_, i) => `socket ${i} round ${round}`));
    }
  });
});
