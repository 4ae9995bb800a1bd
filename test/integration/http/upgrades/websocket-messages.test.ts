import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectSocket, Socket } from 'node:net';

import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { eventually } from '../../../support/time/eventually.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { echo, reply } from './websocket-scene.ts';

/** Each takes a socket at the proxy, at both sides of it, and at the backend. */
const DESCRIPTORS_A_SOCKET = 4;
const SPARE_DESCRIPTORS = 300;
/** More than a pool holds by default. */
const MOST_SOCKETS = 2_000;
const TIME_FOR_MANY_MS = 120_000;

/** Sockets that one process may have open at a time here. */
function socketsThatFit(): number {
  const report = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft: number | string } };
  };
  const limit = Number(report.userLimits?.open_files?.soft ?? 1024);
  const most = Number.isNaN(limit)
    ? MOST_SOCKETS
    : Math.floor((limit - SPARE_DESCRIPTORS) / DESCRIPTORS_A_SOCKET);
  return Math.max(20, Math.min(MOST_SOCKETS, most));
}

function connectTo(address: string): Socket {
  const [host, port] = address.split(':');
  return connectSocket({ host: host!, port: Number(port) });
}

async function closing(socket: WebSocket): Promise<string> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return `${code} ${reason.toString()}`.trim();
}

async function untilNothingIsLeft({ adminAddress }: { readonly adminAddress: string }): Promise<void> {
  await eventually(async () => {
    const metrics = await ScrapedMetrics.from(adminAddress);
    return metrics.sum('balance_tunnels_active') + metrics.sum('balance_backend_connections_active') === 0;
  }, 'nothing is left');
}

describe('WebSocket messages', () => {
  it('of 16 MB arrive whole, in both directions, compressed or not', async () => {
    const { connect } = await echo();
    const bytes = Buffer.concat([randomBytes(4 << 20), Buffer.alloc(12 << 20, 'balance ')]);
    for (const perMessageDeflate of [false, true]) {
      const socket = await connect({ perMessageDeflate });
      expect(socket.extensions.includes('permessage-deflate')).toBe(perMessageDeflate);
      expect((await reply(socket, bytes)).equals(bytes)).toBe(true);
    }
  });

  it('in fragments arrive as one, with pings between them', async () => {
    const { connect, server } = await echo();
    for (const perMessageDeflate of [false, true]) {
      const socket = await connect({ perMessageDeflate });
      const [theirs] = [...server.clients].slice(-1);
      const pings: string[] = [];
      theirs!.on('ping', (data: Buffer) => pings.push(data.toString()));
      const answer = once(socket, 'message') as Promise<[Buffer]>;
      const parts = Array.from({ length: 200 }, (_, i) => `part ${i} `.repeat(i));
      for (const [i, part] of parts.entries()) {
        socket.send(part, { fin: i === parts.length - 1 });
        if (i % 50 === 0) socket.ping(`ping ${i}`);
      }
      expect((await answer)[0].toString()).toBe(parts.join(''));
      expect(pings).toEqual(['ping 0', 'ping 50', 'ping 100', 'ping 150']);
    }
  });

  it('of no length, text and bytes, stay what they are', async () => {
    const { connect } = await echo();
    const socket = await connect();
    for (const message of ['', Buffer.alloc(0), 'ü', Buffer.from([0, 255])]) {
      const answer = once(socket, 'message') as Promise<[Buffer, boolean]>;
      socket.send(message);
      const [data, isBinary] = await answer;
      expect([data.toString('hex'), isBinary]).toEqual([
        Buffer.from(message).toString('hex'),
        typeof message !== 'string',
      ]);
    }
  });

  it('sent as fast as they can be keep their order', async () => {
    const { connect } = await echo();
    const socket = await connect({ perMessageDeflate: false });
    const got: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        if (got.push(data.toString()) === 5000) resolve();
      });
    });
    const sent = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
    for (const message of sent) socket.send(message);
    await all;
    expect(got).toEqual(sent);
  });

  it('ping and pong go both ways with what they carry', async () => {
    const { connect, server } = await echo();
    const socket = await connect();
    const [theirs] = [...server.clients];
    const toClient = once(socket, 'pong') as Promise<[Buffer]>;
    socket.ping('from the client');
    expect((await toClient)[0].toString()).toBe('from the client');
    const toServer = once(theirs!, 'pong') as Promise<[Buffer]>;
    theirs!.ping(Buffer.alloc(125, 1));
    expect((await toServer)[0].equals(Buffer.alloc(125, 1))).toBe(true);
  });
});

describe('the end of a WebSocket', () => {
  const CODES = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ];

  it('has the code and the reason that either side gave', async () => {
    const { connect, server } = await echo();
    for (const code of CODES) {
      const reason = `because ${code}`;
      const mine = await connect();
      const theirs = [...server.clients].find(({ readyState }) => readyState === WebSocket.OPEN)!;
      const both = Promise.all([closing(mine), closing(theirs)]);
      if (code % 2 === 0) mine.close(code, reason);
      else theirs.close(code, reason);
      expect(await both).toEqual([`${code} ${reason}`, `${code} ${reason}`]);
    }
  });

  it('may have neither', async () => {
    const { connect, server } = await echo();
    const mine = await connect();
    const [theirs] = [...server.clients];
    const both = Promise.all([closing(mine), closing(theirs!)]);
    mine.close();
    expect(await both).toEqual(['1005', '1005']);
  });

  it.each(['client', 'server'])(
    'within a message of the %s is seen as such by the other side',
    async (who) => {
      const { connect, server, proxy } = await echo();
      const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
      let raw = new Socket();
      const mine = await connect({ createConnection: () => (raw = connectTo(proxy.address())) });
      const [theirs, request] = await accepted;
      const [dying, other] = who === 'client' ? [raw, theirs] : [request.socket, mine];
      const messages: unknown[] = [];
      other.on('message', (data) => messages.push(data));
      const ended = closing(other);
      // A frame of 4096 bytes that ends early; those of clients are masked.
      const head = who === 'client' ? [0x82, 0xfe, 0x10, 0x00, 1, 2, 3, 4] : [0x82, 0x7e, 0x10, 0x00];
      dying.write(Buffer.concat([Buffer.from(head), Buffer.alloc(100)]), () => dying.resetAndDestroy());
      expect(await ended).toBe('1006');
      expect(messages).toEqual([]);
      await eventually(
        async () => (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_tunnels_active') === 0,
        'no tunnel runs',
      );
    },
  );
});

describe('many WebSockets', () => {
  it(
    'are open at once, each with its own messages, and end in order',
    { timeout: TIME_FOR_MANY_MS },
    async () => {
      const { connect, server, proxy } = await echo();
      const total = socketsThatFit();
      const sockets: WebSocket[] = [];
      while (sockets.length < total) {
        const batch = Array.from({ length: Math.min(100, total - sockets.length) }, () =>
          connect({ perMessageDeflate: false }),
        );
        sockets.push(...(await Promise.all(batch)));
      }
      const tunnels = async (): Promise<number> =>
        (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_tunnels_active');
      expect(await tunnels()).toBe(total);
      for (let round = 0; round < 2; round++) {
        const answers = await Promise.all(sockets.map((socket, i) => reply(socket, `${round} of ${i}`)));
        expect(answers.map(String)).toEqual(sockets.map((_, i) => `${round} of ${i}`));
      }
      const ends = sockets.map(closing);
      const half = total / 2;
      for (const socket of sockets.slice(0, half)) socket.close(4000);
      await Promise.all(ends.slice(0, half));
      expect(sockets.slice(half).every(({ readyState }) => readyState === WebSocket.OPEN)).toBe(true);
      for (const socket of server.clients) if (socket.readyState === WebSocket.OPEN) socket.close(4001);
      expect(new Set((await Promise.all(ends)).slice(0, half))).toEqual(new Set(['4000']));
      expect(new Set((await Promise.all(ends)).slice(half))).toEqual(new Set(['4001']));
      await untilNothingIsLeft(proxy);
    },
  );

  it('end with the side that breaks off, and leave nothing behind', async () => {
    const { connect, server, proxy } = await echo();
    const sockets = await Promise.all(Array.from({ length: 60 }, () => connect()));
    const theirs = [...server.clients];
    const ends = Promise.all([...sockets, ...theirs].map(closing));
    for (const socket of sockets.slice(0, 30)) socket.terminate();
    // Several workers connect to the server in another order than their clients came: those that are left are of the other clients.
    await eventually(() => server.clients.size === 30, 'the server knows of the first half');
    for (const socket of server.clients) socket.terminate();
    expect(new Set(await ends)).toEqual(new Set(['1006']));
    await untilNothingIsLeft(proxy);
  });
});

it('a WebSocket that a server refuses is refused with its own words', async () => {
  const { proxy, server } = await echo();
  server.options.verifyClient = (_info, done) => done(false, 403, 'not today', { 'X-Why': 'closed' });
  const socket = new WebSocket(`ws://${proxy.address()}/`);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  expect([response.statusCode, response.headers['x-why']]).toEqual([403, 'closed']);
  let body = '';
  for await (const piece of response) body += String(piece);
  socket.on('error', () => undefined);
  socket.terminate();
  expect(body).toBe('not today');
});
