import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import { SocketTransport } from '../../../../src/net/transport/socket-transport.ts';
import { HIGH_WATER_MARK_BYTES } from '../../../../src/net/transport/socket-writer.ts';
import { RecordingReader } from '../../../support/sockets/recording-reader.ts';

/** A socket whose writes are finished by hand, one after the other. */
class HandSocket extends Duplex {
  readonly waiting: (() => void)[] = [];

  constructor() {
    super({ writableHighWaterMark: HIGH_WATER_MARK_BYTES, decodeStrings: false });
  }

  override _read(): void {
    // Nothing ever comes.
  }

  override _write(_chunk: unknown, _encoding: string, sent: () => void): void {
    this.waiting.push(sent);
  }

  finishOne(): void {
    this.waiting.shift()?.();
  }
}

function lab() {
  const buffers = new ReadBuffers();
  const socket = new HandSocket();
  const stream = new SocketTransport(buffers, () => undefined);
  stream.attach(socket as unknown as Socket);
  const reader = new RecordingReader();
  stream.read(reader);
  return { buffers, socket, stream, reader };
}

function tick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('a stream whose socket is slow', () => {
  it('says that all is sent also when small pieces followed a lent one', async () => {
    const { buffers, socket, stream, reader } = lab();
    const { bytes } = buffers.take();
    expect(stream.writeBorrowed(bytes, 0, 40_000)).toBe(false);
    stream.writeText('tail');
    stream.write(Buffer.from('tail'));
    for (let piece = 0; piece < 3; piece += 1) {
      await tick();
      expect(reader.calls).toEqual([]);
      socket.finishOne();
    }
    await tick();
    expect(reader.calls).toEqual(['drained']);
  });

  it('lends a buffer once: what is sent from it meanwhile is copied', async () => {
    const { buffers, socket, stream } = lab();
    const mine = buffers.take();
    stream.writeBorrowed(mine.bytes, 0, 40_000);
    expect(mine.lent).toBe(true);
    stream.writeBorrowed(mine.bytes, 40_000, 80_000);
    socket.finishOne();
    await tick();
    // The second piece is still being sent, from memory of its own.
    expect(mine.lent).toBe(false);
    expect(stream.writableLength).toBe(40_000);
  });

  it('gives a lent buffer back when it is destroyed in the middle', async () => {
    const { buffers, socket, stream, reader } = lab();
    const mine = buffers.take();
    stream.writeBorrowed(mine.bytes, 0, 40_000);
    buffers.release(mine);
    expect(buffers.take(), 'not spare while it is lent').not.toBe(mine);
    stream.destroy();
    socket.finishOne();
    await tick();
    expect(reader.calls).toEqual(['closed']);
    expect(buffers.take()).toBe(mine);
  });

  it('copies small pieces and foreign memory', () => {
    const { buffers, stream } = lab();
    const mine = buffers.take();
    stream.writeBorrowed(mine.bytes, 0, 16 * 1024);
    expect(mine.lent).toBe(false);
    const foreign = Buffer.alloc(40_000, 'a');
    stream.writeBorrowed(foreign, 0, 40_000);
    stream.writeBorrowed(buffers.shared, 0, 40_000);
    expect(mine.lent).toBe(false);
  });
});
