import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';

import { transportOverSocket } from '../../../../src/net/listen/sockets/accepted-transport.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { SocketTransport } from '../../../../src/net/transport/socket-transport.ts';
import { TransportStream } from '../../../../src/net/transport/transport-stream.ts';
import { client } from '../../../support/peers/clients.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { encrypt } from '../../../support/sockets/tls-ends.ts';

interface Ends {
  readonly transport: SocketTransport;
  readonly stream: TransportStream;
  readonly peer: ByteSocket;
}

async function ends(): Promise<Ends> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = await client(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = await accepted;
  const transport = transportOverSocket(socket, new ReadBuffers(), (error) => {
    throw error;
  });
  transport.noteEnds(undefined, 0);
  const stream = new TransportStream(transport);
  stream.on('error', () => undefined);
  onTestFinished(() => void stream.destroy());
  return { transport, stream, peer };
}

it('reads nothing before it is open, and then what came before', async () => {
  const { stream, peer } = await ends();
  stream.resume();
  peer.send('early');
  const first = once(stream, 'data') as Promise<[Buffer]>;
  stream.open();
  expect((await first)[0].toString()).toBe('early');
});

it('makes the peer wait for a slow reader, and loses nothing', async () => {
  const { transport, stream, peer } = await ends();
  stream.open();
  const size = 16 * 1024 * 1024;
  peer.send(Buffer.alloc(size, 'x'));
  peer.socket.end();
  await once(stream, 'readable');
  expect(transport.bytesReceived).toBeLessThan(size);
  let length = 0;
  for await (const bytes of stream) length += (bytes as Buffer).length;
  expect(length).toBe(size);
});

it('sends all that was written before it ends, to a peer that reads late', async () => {
  const { stream, peer } = await ends();
  stream.open();
  peer.socket.pause();
  const text = 'x'.repeat(16 * 1024 * 1024);
  stream.write(text);
  stream.destroySoon();
  const closed = once(stream, 'close');
  peer.socket.resume();
  await peer.untilEnded();
  expect([peer.received.length, peer.ending]).toEqual([text.length, 'end']);
  peer.close();
  await closed;
});

it('tells of silence, and of none while bytes move in either direction', async () => {
  const { stream, peer } = await ends();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  stream.open();
  let silences = 0;
  stream.on('timeout', () => (silences += 1));
  stream.setTimeout(300);
  for (const from of ['peer', 'peer', 'us', 'us']) {
    vi.advanceTimersByTime(299);
    if (from === 'us') stream.write('y');
    else {
      const arrived = once(stream, 'data');
      peer.send('x');
      await arrived;
    }
  }
  vi.advanceTimersByTime(299);
  expect(silences).toBe(0);
  // The last write counts as a move of its own when the system has taken it.
  vi.advanceTimersByTime(301);
  expect(silences).toBe(1);
  stream.setTimeout(0);
  vi.advanceTimersByTime(1_000);
  expect(silences).toBe(1);
});

it('ends with its connection, whichever end closes it', async () => {
  const mine = await ends();
  mine.stream.open();
  mine.stream.destroy();
  await mine.peer.untilEnded();
  expect(mine.peer.ending).toBe('end');
  const theirs = await ends();
  theirs.stream.open();
  const closed = new Promise((resolve) => theirs.stream.once('close', resolve));
  theirs.peer.socket.resetAndDestroy();
  await closed;
  const never = await ends();
  never.stream.destroy();
  await never.peer.untilEnded();
  expect(never.peer.ending).toBe('end');
});

it('sends its last words over TLS although it is destroyed at once', async () => {
  const { transport, stream, peer } = await ends();
  peer.socket.removeAllListeners('data');
  const socket = await encrypt(transport, peer.socket);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  stream.open();
  stream.write('goodbye');
  stream.destroy();
  await once(socket, 'end');
  expect(text).toBe('goodbye');
});

it('knows the ends of its connection', async () => {
  const { stream, peer } = await ends();
  expect([stream.remoteAddress, stream.remotePort]).toEqual(['127.0.0.1', peer.socket.localPort]);
  expect(stream.tls).toBeUndefined();
});
