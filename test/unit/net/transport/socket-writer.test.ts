import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { PENDING } from '../../../../src/net/node/direct-writer.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import { SocketWriter } from '../../../../src/net/transport/socket-writer.ts';
import { eventually } from '../../../support/time/eventually.ts';

interface Lab {
  readonly writer: SocketWriter;
  readonly buffers: ReadBuffers;
  readonly near: Socket;
  readonly far: Socket;
  /** How often the writer was told that all is sent. */
  drained(): number;
  /** All that has arrived at the other end. */
  arrived(): string;
}

async function lab(): Promise<Lab> {
  const listening = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  const near = new Socket({ allowHalfOpen: true });
  near.connect((listening.address() as { port: number }).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(listening, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  let arrived = '';
  far.on('data', (bytes: Buffer) => (arrived += bytes.toString('latin1')));
  let drained = 0;
  const buffers = new ReadBuffers();
  const writer = new SocketWriter(near, buffers, () => (drained += 1));
  return { writer, buffers, near, far, drained: () => drained, arrived: () => arrived };
}

describe('text that is written within a turn of the event loop', () => {
  it('goes out in one write when the turn ends', async () => {
    const { writer, buffers, arrived } = await lab();
    const write = vi.spyOn(buffers.direct, 'write');
    writer.writeText('head ');
    writer.writeBorrowed(Buffer.from('body'), 0, 4);
    expect(write).not.toHaveBeenCalled();
    expect([writer.length, writer.held]).toEqual([9, 9]);
    await eventually(() => arrived() === 'head body', 'all of it came');
    expect(write).toHaveBeenCalledOnce();
    expect([writer.length, writer.held]).toEqual([0, 0]);
  });

  it('stays before the bytes that are written after it', async () => {
    const { writer, arrived } = await lab();
    writer.writeText('a');
    writer.write(Buffer.from('b'));
    writer.writeText('c');
    writer.writeBorrowed(Buffer.alloc(20_000, 'd'), 0, 20_000);
    writer.writeText('e');
    const expected = `abc${'d'.repeat(20_000)}e`;
    await eventually(() => arrived().length === expected.length, 'all of it came');
    expect(arrived()).toBe(expected);
  });

  it.each(['end', 'close'] as const)('is sent before an %s in the same turn', async (way) => {
    const { writer, far, arrived } = await lab();
    writer.writeText('last words');
    writer[way]();
    await once(far, 'end');
    expect(arrived()).toBe('last words');
  });

  it('is dropped when the socket was destroyed', async () => {
    const { writer, near, far, arrived } = await lab();
    writer.writeText('nobody hears this');
    near.destroy();
    await once(far, 'end');
    expect(arrived()).toBe('');
  });

  it('does not wait when there is much of it', async () => {
    const { writer, buffers, arrived } = await lab();
    const write = vi.spyOn(buffers.direct, 'write');
    for (let piece = 0; piece < 5; piece += 1) writer.writeText('x'.repeat(8 * 1024));
    expect(write).toHaveBeenCalledTimes(2);
    await eventually(() => arrived().length === 40 * 1024, 'all of it came');
    expect(write).toHaveBeenCalledTimes(3);
  });

  it('makes the caller wait while much is unsent, and tells it when all is sent', async () => {
    const { writer, far, drained, arrived } = await lab();
    far.pause();
    let length = 0;
    do length += 15 * 1024;
    while (writer.writeText('x'.repeat(15 * 1024)));
    expect(drained()).toBe(0);
    far.resume();
    await eventually(() => drained() === 1, 'the caller may go on');
    expect(arrived().length).toBeLessThanOrEqual(length);
    expect(writer.length).toBe(0);
  });

  describe('when its text is sent while another connection writes', () => {
    /** A writer that owes a notice, with text in the batch, after the system took all that was written before. */
    async function owing(): Promise<Lab & { readonly others: SocketWriter[] }> {
      const parts = await lab();
      const { writer, buffers, near } = parts;
      near.setMaxListeners(40);
      const waiting: ((status: number) => void)[] = [];
      const write = vi.spyOn(buffers.direct, 'write');
      write.mockImplementation((_handle, _text, sent) => {
        waiting.push(sent);
        return PENDING;
      });
      while (writer.writeText('x'.repeat(15 * 1024)));
      write.mockReturnValue(0);
      for (const sent of waiting) sent(0);
      const others = Array.from({ length: 32 }, () => new SocketWriter(near, buffers, () => undefined));
      return { ...parts, others };
    }

    it('tells its caller only after that write has returned', async () => {
      const { drained, others } = await owing();
      for (const other of others) other.writeText('a message that fills the batch');
      expect(drained()).toBe(0);
      await Promise.resolve();
      expect(drained()).toBe(1);
    });

    it.each(['end', 'close'] as const)('tells its caller nothing within an %s', async (way) => {
      const { writer, drained } = await owing();
      writer[way]();
      expect(drained()).toBe(0);
    });

    it('goes on telling its caller to wait when more is written at once', async () => {
      const { writer, near, drained } = await owing();
      near.cork();
      expect(writer.write(Buffer.alloc(256 * 1024))).toBe(false);
      await Promise.resolve();
      expect(drained()).toBe(0);
      near.uncork();
      await eventually(() => drained() === 1, 'the caller may go on');
    });
  });
});
