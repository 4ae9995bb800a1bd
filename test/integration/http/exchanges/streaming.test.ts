import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { readHead } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { get, scene } from '../scene.ts';

const EVENTS = 20;
const EVENT = (i: number): string => `id: ${i}\ndata: {"n":${i}}\n\n`;
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;

describe('events of a server', () => {
  it.each([
    ['in chunks', 'Transfer-Encoding: chunked\r\n', chunk, get(), chunk],
    ['until the close', 'Connection: close\r\n', (event: string) => event, get(), chunk],
    [
      'in chunks, to HTTP/1.0',
      'Transfer-Encoding: chunked\r\n',
      chunk,
      'GET / HTTP/1.0\r\n\r\n',
      (event: string) => event,
    ],
    [
      'of known length',
      'Content-Length: 1000000\r\n',
      (event: string) => event,
      get(),
      (event: string) => event,
    ],
  ])(
    'arrive one by one, each before the next is sent: %s',
    async (_how, framing, sent, request, received) => {
      const stage = await scene({ script: () => undefined });
      const peer = await stage.client();
      peer.send(request);
      const backend = await stage.backend.connection(0);
      await backend.untilText('\r\n\r\n');
      backend.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing}\r\n`);
      // The head comes before the first event, too.
      expect(await readHead(peer)).toContain('Content-Type: text/event-stream\r\n');
      for (let i = 0; i < EVENTS; i++) {
        backend.send(sent(EVENT(i)));
        expect((await peer.untilLength(received(EVENT(i)).length)).toString('latin1')).toBe(
          received(EVENT(i)),
        );
        peer.take(received(EVENT(i)).length);
      }
      expect(stage.backend.connections).toHaveLength(1);
    },
  );

  it('end with the client that no longer listens', async () => {
    const stage = await scene({ script: () => undefined });
    const peer = await stage.client();
    peer.send(get());
    const backend = await stage.backend.connection(0);
    await backend.untilText('\r\n\r\n');
    backend.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(EVENT(0))}`);
    await peer.untilText(chunk(EVENT(0)));
    peer.close();
    await backend.untilEnded();
  });
});

describe('the pieces of a request', () => {
  it.each([
    ['in chunks', 'Transfer-Encoding: chunked\r\n', chunk],
    ['of known length', 'Content-Length: 1000000\r\n', (event: string) => event],
  ])('arrive one by one, each before the next is sent: %s', async (_how, framing, framed) => {
    const stage = await scene({ script: () => undefined });
    const peer = await stage.client();
    peer.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n`);
    const backend = await stage.backend.connection(0);
    await readHead(backend);
    for (let i = 0; i < EVENTS; i++) {
      const piece = framed(EVENT(i));
      peer.send(piece);
      expect((await backend.untilLength(piece.length)).toString('latin1')).toBe(piece);
      backend.take(piece.length);
    }
  });

  it('and of its response may go in turns', async () => {
    const stage = await scene({ script: () => undefined });
    const peer = await stage.client();
    peer.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const backend = await stage.backend.connection(0);
    await readHead(backend);
    backend.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await readHead(peer);
    for (let i = 0; i < EVENTS; i++) {
      for (const [from, to] of [
        [peer, backend],
        [backend, peer],
      ] as const) {
        from.send(chunk(EVENT(i)));
        await to.untilText(chunk(EVENT(i)));
        to.take(to.received.length);
      }
    }
  });
});

describe('a body of hundreds of megabytes', () => {
  const TOTAL_BYTES = 320 * 1024 * 1024;
  /** Proxy, client and backend share the process; a proxy that kept the body would need more than twice that. */
  const MOST_GROWTH_BYTES = 140 * 1024 * 1024;
  const PIECE = Buffer.alloc(256 * 1024, 'balance ');

  /** Writes so many bytes, minding backpressure; calls `watch` between. */
  async function pour(socket: Socket, watch: () => void): Promise<void> {
    for (let left = TOTAL_BYTES; left > 0; left -= PIECE.length) {
      if (!socket.write(PIECE)) await once(socket, 'drain');
      watch();
    }
  }

  /** Reads into one buffer, so that what the process needs is not the reader's. */
  function counting(port: number): {
    socket: Socket;
    count: () => number;
    untilCount: (bytes: number) => Promise<void>;
  } {
    let count = 0;
    let wanted = Number.POSITIVE_INFINITY;
    let done = (): void => {};
    const socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.alloc(256 * 1024),
        callback: (length) => {
          count += length;
          if (count >= wanted) done();
          return true;
        },
      },
    });
    owned({ close: () => socket.destroy() });
    const untilCount = (bytes: number): Promise<void> =>
      new Promise((resolve, reject) => {
        wanted = bytes;
        done = resolve;
        socket.once('close', () => reject(new Error(`closed after ${count} bytes`)));
        if (count >= bytes) resolve();
      });
    return { socket, count: () => count, untilCount };
  }

  /** The most that the resident memory grows while it is watched. */
  function memory(): { watch: () => void; growth: () => number } {
    const before = process.memoryUsage.rss();
    let most = before;
    return {
      watch: () => {
        most = Math.max(most, process.memoryUsage.rss());
      },
      growth: () => most - before,
    };
  }

  it('flows to the client through little memory', async () => {
    const { watch, growth } = memory();
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL_BYTES}\r\n\r\n`);
        await pour(connection.socket, watch);
      },
    });
    const peer = counting(Number(stage.proxy.address().split(':')[1]));
    peer.socket.write(get());
    await peer.untilCount(TOTAL_BYTES);
    expect(peer.count()).toBeGreaterThan(TOTAL_BYTES);
    expect(growth()).toBeLessThan(MOST_GROWTH_BYTES);
  });

  it('flows to the backend through little memory', async () => {
    const { watch, growth } = memory();
    let taken = 0;
    const stage = await scene({
      script: (connection) => {
        connection.socket.removeAllListeners('data');
        connection.socket.on('data', (bytes: Buffer) => {
          taken += bytes.length;
          if (taken > TOTAL_BYTES) connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        });
      },
    });
    const peer = counting(Number(stage.proxy.address().split(':')[1]));
    peer.socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL_BYTES}\r\n\r\n`);
    await pour(peer.socket, watch);
    await peer.untilCount(1);
    expect(taken).toBeGreaterThan(TOTAL_BYTES);
    expect(growth()).toBeLessThan(MOST_GROWTH_BYTES);
  });
});
