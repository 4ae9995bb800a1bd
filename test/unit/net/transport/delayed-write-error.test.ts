import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import { dial } from '../../../support/sockets/dial.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { DialedTransport } from '../../../../src/net/dial/dialer.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { RecordingReader } from '../../../support/sockets/recording-reader.ts';

/** A server's socket that can say something and reset the connection in the same moment. */
interface Peer extends Socket {
  resetAndClosing: boolean;
}

interface Lab {
  readonly stream: DialedTransport;
  readonly reader: RecordingReader;
  /** Sends that text and resets: both have arrived when this returns, and nothing of it was read. */
  answerAndReset(text: string): void;
}

async function lab(): Promise<Lab> {
  const reader = new RecordingReader();
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  const { port } = listening.address() as { port: number };
  const accepted = once(listening, 'connection') as Promise<[Peer]>;
  const { transport: stream } = await dial(
    { kind: 'tcp', host: '127.0.0.1', port },
    {
      connectTimeoutMs: PATIENCE_MS,
      names: fixedNames(),
      buffers: new ReadBuffers(),
      onFault: () => undefined,
    },
  );
  const [peer] = await accepted;
  stream.read(reader);
  return {
    stream,
    reader,
    answerAndReset(text) {
      peer.write(text);
      peer.resetAndClosing = true;
      peer.destroy();
    },
  };
}

/** Text is sent at the end of a turn of the event loop. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const ways: [string, (stream: DialedTransport) => void][] = [
  ['text', (stream) => void stream.writeText('more')],
  ['bytes', (stream) => void stream.write(Buffer.alloc(64 * 1024))],
  ['borrowed bytes', (stream) => void stream.writeBorrowed(Buffer.alloc(64 * 1024), 0, 64 * 1024)],
  [
    'several pieces',
    (stream) => {
      stream.write(Buffer.alloc(64 * 1024));
      stream.writeText('more');
      stream.write(Buffer.alloc(64 * 1024));
    },
  ],
];

describe('what a backend sent before it reset the connection is read though nothing can be sent any more', () => {
  it.each(ways)('%s', async (_way, write) => {
    const { stream, reader, answerAndReset } = await lab();
    answerAndReset('HTTP/1.1 413');
    write(stream);
    await reader.untilCalled('closed');
    expect(reader.text).toBe('HTTP/1.1 413');
    expect(reader.errors[0]).toBeInstanceOf(Error);
  });

  it('to the last byte that arrived', async () => {
    const { stream, reader, answerAndReset } = await lab();
    answerAndReset('a'.repeat(40_000));
    stream.writeText('more');
    await reader.untilCalled('closed');
    expect(reader.length).toBe(40_000);
  });
});

describe('a connection on which nothing can be sent any more', () => {
  it('is of no use for another request', async () => {
    const { stream, answerAndReset } = await lab();
    answerAndReset('HTTP/1.1 413');
    stream.writeText('more');
    await nextTurn();
    expect(stream.stale).toBe(true);
  });

  it('takes what is written, and keeps none of it', async () => {
    const { stream, reader, answerAndReset } = await lab();
    answerAndReset('HTTP/1.1 413');
    stream.writeText('more');
    expect(stream.write(Buffer.alloc(1 << 20))).toBe(true);
    expect(stream.writableLength).toBe(0);
    await reader.untilCalled('closed');
  });

  it('ends also when the backend had nothing to say', async () => {
    const { stream, reader, answerAndReset } = await lab();
    answerAndReset('');
    stream.write(Buffer.alloc(64 * 1024));
    await reader.untilCalled('closed');
    expect(reader.text).toBe('');
  });

  it('waits for a reader that paused', async () => {
    const { stream, reader, answerAndReset } = await lab();
    answerAndReset('HTTP/1.1 413');
    stream.writeText('more');
    await nextTurn();
    stream.pause();
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(stream.destroyed).toBe(false);
    stream.resume();
    await reader.untilCalled('closed');
    expect(reader.text).toBe('HTTP/1.1 413');
  });
});
