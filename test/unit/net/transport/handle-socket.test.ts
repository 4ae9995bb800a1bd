import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { interceptHandles } from '../../../../src/net/listen/sockets/accepted-transport.ts';
import type { ReadingOptions } from '../../../../src/net/node/node-internals.ts';
import { HandleSocket } from '../../../../src/net/transport/handle-socket.ts';
import { isTcpHandle, type TcpHandle } from '../../../../src/net/node/node-internals.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** A handle that was accepted, and the client at its other end. */
async function accepted(
  backlog = 16,
): Promise<{ handle: TcpHandle; client: Socket; next: () => Promise<TcpHandle> }> {
  const server = createServer();
  const handles: TcpHandle[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const intercepted = interceptHandles(server, {
    backlog,
    keepAliveMs: () => 0,
    accept: (handle) => {
      if (isTcpHandle(handle)) handles.push(handle);
    },
  });
  expect(intercepted).toBeDefined();
  const { port } = server.address() as { port: number };
  const clients: Socket[] = [];
  const next = async (): Promise<TcpHandle> => {
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    client.on('error', () => undefined);
    clients.push(client);
    return eventually(() => handles.shift(), 'it is accepted');
  };
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  const handle = await next();
  return { handle, client: clients[0] as Socket, next };
}

/** Notes what is read, and what becomes of the socket. */
function observed(handle: TcpHandle, whenRead?: (socket: HandleSocket) => void) {
  const seen = { text: '', events: [] as string[] };
  const memories = [Buffer.alloc(8), Buffer.alloc(8)];
  let reads = 0;
  const options: ReadingOptions = {
    buffer: () => memories[reads % 2] as Buffer,
    callback: (length, bytes) => {
      seen.text += Buffer.from(bytes.subarray(0, length)).toString();
      reads += 1;
      whenRead?.(socket);
      return true;
    },
  };
  const socket = new HandleSocket(handle, options);
  for (const event of ['end', 'close', 'error']) socket.on(event, () => seen.events.push(event));
  return { socket, seen, onread: handle.onread };
}

describe('a socket that is made late', () => {
  it('is not made for one who reads, is read by turns, and is closed', async () => {
    const { handle, client } = await accepted();
    const { socket, seen, onread } = observed(handle);
    expect([socket.remoteAddress, socket.remotePort, socket.remoteFamily]).toEqual([
      '127.0.0.1',
      client.localPort,
      'IPv4',
    ]);
    expect([socket.localAddress, socket.localFamily]).toEqual(['127.0.0.1', 'IPv4']);
    socket.read(0);
    client.write('more than one memory holds');
    await eventually(() => seen.text === 'more than one memory holds', 'all is read');
    socket.pause();
    client.write(', later');
    socket.resume();
    await eventually(() => seen.text.endsWith('later'), 'the rest is read');
    expect(handle.onread).toBe(onread);
    socket.destroy();
    socket.destroy();
    expect(socket.destroyed).toBe(true);
    await eventually(() => seen.events.length > 0, 'it is closed');
    expect(seen.events).toEqual(['close']);
    expect([socket.bytesRead, socket.bytesWritten]).toEqual([33, 0]);
    expect([socket.write('late'), socket.remotePort]).toEqual([true, client.localPort]);
  });

  it('is made for the end of its peer, and says so once', async () => {
    const { handle, client } = await accepted();
    const { socket, seen, onread } = observed(handle);
    socket.read(0);
    client.end('bye');
    await eventually(() => seen.events.includes('end'), 'the end is seen');
    expect(seen).toEqual({ text: 'bye', events: ['end'] });
    expect(handle.onread).not.toBe(onread);
    socket.end();
    await eventually(() => seen.events.includes('close'), 'both sides have ended');
    expect(seen.events).toEqual(['end', 'close']);
    expect([socket.bytesRead, socket.destroyed]).toEqual([3, true]);
  });

  it('is made for an error, and says which', async () => {
    const { handle, client } = await accepted();
    const { socket, seen } = observed(handle);
    const error = new Promise<Error>((resolve) => {
      socket.on('error', resolve);
    });
    socket.read(0);
    client.resetAndDestroy();
    expect(await error).toMatchObject({ code: 'ECONNRESET' });
    await eventually(() => seen.events.includes('close'), 'it is closed');
    expect(seen.events).toEqual(['error', 'close']);
  });

  it('hands over why it was destroyed, also without ever having been made', async () => {
    const { handle } = await accepted();
    const { socket, seen } = observed(handle);
    socket.destroy(new Error('enough'));
    expect(seen.events).toEqual([]);
    await eventually(() => seen.events.includes('close'), 'it is closed');
    expect(seen.events).toEqual(['error', 'close']);
  });

  it('goes on to read when it is made in the middle of a read', async () => {
    const { handle, client } = await accepted();
    const { socket, seen, onread } = observed(handle, (one) => one.write('.'));
    socket.read(0);
    const answers: Buffer[] = [];
    client.on('data', (bytes: Buffer) => answers.push(bytes));
    for (const piece of ['first', 'second', 'third']) {
      client.write(piece);
      await eventually(() => seen.text.endsWith(piece), `${piece} is read`);
    }
    expect(handle.onread).not.toBe(onread);
    await eventually(() => Buffer.concat(answers).length === 3, 'each is answered');
    expect(socket.bytesWritten).toBe(3);
    socket.destroy();
    await eventually(() => seen.events.includes('close'), 'it is closed');
  });

  it('resets the connection where that is asked for', async () => {
    const { handle, client } = await accepted();
    const { socket } = observed(handle);
    const reset = once(client, 'error');
    client.on('error', () => undefined).resume();
    socket.resetAndClosing = true;
    socket.destroy();
    expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' });
  });
});

it.runIf(process.platform === 'linux')(
  'handles are told not to hold bytes back for as long as they may have come before the listening one was',
  async () => {
    const prototype = Object.getPrototypeOf((await accepted()).handle) as { setNoDelay: () => number };
    const setNoDelay = vi.spyOn(prototype, 'setNoDelay');
    onTestFinished(() => {
      setNoDelay.mockRestore();
    });
    const { next } = await accepted(2);
    expect(setNoDelay).toHaveBeenCalledTimes(2);
    await next();
    expect(setNoDelay).toHaveBeenCalledTimes(3);
    await next();
    expect(setNoDelay).toHaveBeenCalledTimes(3);
  },
);
