import { describe, expect, it } from 'vitest';

import { PENDING } from '../../../../src/net/node/direct-writer.ts';
import type { EncryptingHandle } from '../../../../src/net/node/node-internals.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { StreamSocket } from '../../../../src/net/transport/stream-socket.ts';
import { TlsWriter } from '../../../../src/net/transport/tls-writer.ts';

/** A TLS socket that only notes what is done with it. */
class NotedSocket {
  destroyed = false;
  readonly bytesWritten = 0;
  readonly calls: string[] = [];

  end(): void {
    this.calls.push('end');
  }

  destroySoon(): void {
    this.calls.push('destroySoon');
  }

  destroy(error?: Error): void {
    this.destroyed = true;
    this.calls.push(`destroy ${String(error?.message)}`);
  }
}

/** A writer over a handle whose writes end when the test says so; at once when `outcome` says so. */
function lab(outcome: number = PENDING) {
  const buffers = new ReadBuffers();
  const writes: string[] = [];
  /** The writes that are under way. Two of them would abort the process. */
  const underWay: ((status: number) => void)[] = [];
  buffers.direct.encrypt = (_handle, bytes, sent) => {
    writes.push(Buffer.from(bytes).toString('latin1'));
    if (outcome !== PENDING) return outcome;
    if (underWay.push(sent) > 1) throw new Error('two writes overlap');
    return PENDING;
  };
  let drained = 0;
  const socket = new NotedSocket();
  const writer = new TlsWriter(
    socket as unknown as StreamSocket,
    {} as EncryptingHandle,
    buffers,
    () => (drained += 1),
  );
  const finish = (status = 0): void => underWay.shift()?.(status);
  return { writer, socket, writes, finish, drained: () => drained };
}

async function turnEnds(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('what is written over TLS', () => {
  it('goes out in one write at the end of the turn: text, bytes and borrowed bytes', async () => {
    const { writer, writes } = lab();
    writer.writeText('head é ');
    writer.write(Buffer.from('body '));
    writer.writeBorrowed(Buffer.from('..tail..'), 2, 6);
    expect(writes).toEqual([]);
    expect([writer.length, writer.held]).toEqual([16, 16]);
    await turnEnds();
    expect(writes).toEqual(['head é body tail']);
    expect([writer.length, writer.held]).toEqual([16, 0]);
  });

  it('waits while a write is under way, and goes out in the next one', async () => {
    const { writer, writes, finish } = lab();
    writer.writeText('first');
    await turnEnds();
    writer.writeText('second ');
    await turnEnds();
    writer.writeText('third');
    await turnEnds();
    expect(writes).toEqual(['first']);
    finish();
    expect(writes).toEqual(['first', 'second third']);
    finish();
    expect(writer.length).toBe(0);
  });

  it('goes out in several writes when it does not fit into one', async () => {
    const { writer, writes, finish } = lab();
    const [small, large] = ['a'.repeat(10), 'b'.repeat(600 * 1024)];
    writer.writeText(small);
    writer.writeText(large);
    await turnEnds();
    while (writer.length > 0) finish();
    expect(writes.join('')).toBe(small + large);
  });

  it('makes the caller wait, who is told once that all is sent', async () => {
    const { writer, finish, drained } = lab();
    expect(writer.writeText('x'.repeat(60 * 1024))).toBe(true);
    expect(writer.writeText('x'.repeat(60 * 1024))).toBe(false);
    await turnEnds();
    expect(drained()).toBe(0);
    finish();
    expect(drained()).toBe(1);
    writer.writeText('little');
    await turnEnds();
    finish();
    expect(drained()).toBe(1);
  });

  it('tells nobody to go on who was not told to wait', () => {
    const { writer, writes, drained } = lab(0);
    expect(writer.writeBorrowed(Buffer.alloc(200 * 1024), 0, 200 * 1024)).toBe(true);
    expect(writes.map((write) => write.length)).toEqual([200 * 1024]);
    expect(drained()).toBe(0);
  });
});

describe('the end of a connection over TLS', () => {
  it.each([
    ['end', 'end'],
    ['close', 'destroySoon'],
  ] as const)('by %s comes after all that was written', async (way, expected) => {
    const { writer, socket, writes, finish } = lab();
    writer.writeText('first');
    await turnEnds();
    writer.writeText('last');
    writer[way]();
    expect(socket.calls).toEqual([]);
    finish();
    expect(writes).toEqual(['first', 'last']);
    expect(socket.calls).toEqual([]);
    finish();
    expect(socket.calls).toEqual([expected]);
  });

  it('comes with the error of a write that failed, and drops what waits', async () => {
    const { writer, socket, writes, finish } = lab();
    writer.writeText('first');
    await turnEnds();
    writer.writeText('never sent');
    finish(-32);
    expect(socket.calls).toEqual(['destroy write EPIPE']);
    expect(writer.held).toBe(0);
    await turnEnds();
    expect(writes).toEqual(['first']);
  });

  it('that came first leaves nothing to send', async () => {
    const { writer, socket, writes } = lab();
    writer.writeText('never sent');
    socket.destroy();
    await turnEnds();
    expect(writes).toEqual([]);
    expect(writer.writeText('nor this')).toBe(true);
    expect(writer.length).toBe(0);
  });
});
