import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { DirectWriter } from '../../../../src/net/node/direct-writer.ts';
import {
  learnTextWriting,
  type TextHandle,
  type WriteRequest,
} from '../../../../src/net/node/node-internals.ts';
import { runtimeWays } from '../../../../src/net/node/runtime-ways.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import { SocketWriter } from '../../../../src/net/transport/socket-writer.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** Two ends of one TCP connection. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  await once(near, 'connect');
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  near.on('error', () => undefined);
  far.on('error', () => undefined);
  return { near, far };
}

describe('the fast ways of the runtime', () => {
  it('are all there in the versions that the proxy is tested with', () => {
    expect(runtimeWays()).toEqual({
      interceptedAccept: true,
      lateSocket: true,
      sharedReads: true,
      directText: true,
      directTls: true,
    });
  });

  it('bring a request for each write up to Node 22, and none from 24 on', () => {
    const writing = learnTextWriting();
    const major = Number(process.versions.node.split('.')[0]);
    expect(writing?.Request?.name ?? null).toBe(major < 24 ? 'WriteWrap' : null);
  });
});

describe('text that is written to the handle', () => {
  it('passes the socket by, from the first write on', async () => {
    const { near, far } = await pair();
    const write = vi.spyOn(near, 'write');
    const writer = new SocketWriter(near, new ReadBuffers(), () => undefined);
    expect(writer.writeText('first ')).toBe(true);
    expect(writer.writeText('second')).toBe(true);
    let seen = '';
    far.on('data', (bytes: Buffer) => (seen += bytes.toString()));
    await eventually(() => seen === 'first second', 'all of it came');
    expect(write).not.toHaveBeenCalled();
  });

  it('waits for the system where it does not take all at once, and keeps the order', async () => {
    const { near, far } = await pair();
    let drained = 0;
    const writer = new SocketWriter(near, new ReadBuffers(), () => (drained += 1));
    const piece = 'x'.repeat(1024 * 1024);
    let expected = 0;
    far.pause();
    // Until more waits than the system has room for.
    for (;;) {
      expected += piece.length;
      if (!writer.writeText(piece)) break;
    }
    expect(writer.length).toBeGreaterThan(0);
    writer.writeText('the end');
    expected += 'the end'.length;
    let length = 0;
    let tail = '';
    far.on('data', (bytes: Buffer) => {
      length += bytes.length;
      tail = (tail + bytes.toString('latin1')).slice(-7);
    });
    far.resume();
    await eventually(() => length === expected, 'all of it came');
    expect(tail).toBe('the end');
    await eventually(() => drained === 1, 'the writer is told once');
    expect(writer.length).toBe(0);
  });

  it('destroys the socket when the peer is gone', async () => {
    const { near, far } = await pair();
    const writer = new SocketWriter(near, new ReadBuffers(), () => undefined);
    far.resetAndDestroy();
    await eventually(() => {
      writer.writeText('anybody there?');
      return near.destroyed;
    }, 'the socket is destroyed');
  });

  it('goes the ordinary way where the version has a way that is not known', async () => {
    const { near, far } = await pair();
    const buffers = Object.assign(new ReadBuffers(), { direct: DirectWriter.off });
    expect(buffers.direct.isOn).toBe(false);
    const write = vi.spyOn(near, 'write');
    const writer = new SocketWriter(near, buffers, () => undefined);
    writer.writeText('ordinary');
    const [bytes] = (await once(far, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('ordinary');
    expect(write).toHaveBeenCalledOnce();
  });

  it('tells a write that is finished, one that is under way, and one that failed apart where requests are made late', () => {
    const direct = new DirectWriter({ Request: null });
    const request: WriteRequest = { getAsyncId: () => 1 };
    const ended = (writeStatus: number): WriteRequest => ({ getAsyncId: () => 1, writeStatus });
    const outcomes: (number | WriteRequest)[] = [0, request, -32, ended(0), ended(-32)];
    const asked: unknown[] = [];
    const handle: TextHandle = {
      writeLatin1String: (given, text) => {
        asked.push([given, text]);
        return outcomes.shift() ?? 0;
      },
    };
    const statuses: number[] = [];
    const sent = (status: number): void => void statuses.push(status);
    const told = [1, 2, 3, 4, 5].map((number) => direct.write(handle, String(number), sent));
    expect(told).toEqual([0, 1, -32, 0, -32]);
    expect(asked).toEqual([1, 2, 3, 4, 5].map((number) => [null, String(number)]));
    request.oncomplete?.(-104);
    expect(statuses).toEqual([-104]);
  });
});
