import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { eventually } from '../../support/time/eventually.ts';
import { RecordingReader } from '../../support/sockets/recording-reader.ts';
import {
  STREAM_PATHS,
  StreamLab,
  type StreamPath,
  type Transport,
} from '../../support/sockets/stream-ends.ts';

/** More than the kernel takes on both ends of a loopback connection. */
const BULK_BYTES = 24 * 1024 * 1024;

const cases = STREAM_PATHS.flatMap((path) =>
  (['tcp', 'unix'] as const).map((transport) => ({ path, transport })),
);

/** All that a peer receives, and how it ended. */
function collect(peer: Socket): { text: () => string; ending: () => string | undefined } {
  const chunks: Buffer[] = [];
  let ending: string | undefined;
  peer.on('data', (bytes: Buffer) => chunks.push(bytes));
  peer.on('end', () => (ending ??= 'end'));
  peer.on('error', (error: NodeJS.ErrnoException) => (ending ??= error.code ?? 'error'));
  peer.on('close', () => (ending ??= 'close'));
  return { text: () => Buffer.concat(chunks).toString('latin1'), ending: () => ending };
}

/** Gives bytes that were sent the time to arrive; no assertion depends on it. */
function arrival(): Promise<void> {
  return pause(30);
}

describe.each(cases)(
  'a byte stream ($path, $transport)',
  ({ path, transport }: { path: StreamPath; transport: Transport }) => {
    const open = async () => {
      const lab = new StreamLab();
      return { lab, ...(await lab.open(path, transport)), reader: new RecordingReader() };
    };

    it('delivers what the peer sends, in order', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      expect(reader.calls).toEqual([]);
      peer.write('one ');
      await reader.untilText('one ');
      peer.write('two');
      await reader.untilText('one two');
      expect(reader.text).toBe('one two');
    });

    it('keeps bytes that came before anybody read', async () => {
      const { stream, peer, reader } = await open();
      peer.write('greeting');
      await arrival();
      stream.read(reader);
      expect(reader.calls, 'no call before read() returned').toEqual([]);
      await reader.untilText('greeting');
      peer.write(' and more');
      await reader.untilText('greeting and more');
      expect(reader.text).toBe('greeting and more');
    });

    it('keeps early bytes of a peer that ended right after them, and can still answer', async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      peer.end('greeting');
      await arrival();
      stream.read(reader);
      await reader.untilCalled('end');
      expect(reader.text).toBe('greeting');
      stream.writeText('bye');
      stream.end();
      await reader.untilCalled('closed');
      expect(reader.calls).toEqual(['data', 'end', 'closed']);
      expect(reader.errors).toEqual([undefined]);
      await eventually(() => seen.ending(), 'the peer saw the end');
      expect(seen.text()).toBe('bye');
    });

    it('tells a reader that came late of the end', async () => {
      const { stream, peer, reader } = await open();
      peer.end();
      await arrival();
      stream.read(reader);
      await reader.untilCalled('end');
      expect(reader.calls).toEqual(['end']);
    });

    it('closes a reader that came late exactly once', async () => {
      const { stream, peer, reader } = await open();
      stream.destroy();
      await once(peer.resume(), 'end').catch(() => undefined);
      stream.read(reader);
      await reader.untilCalled('closed');
      await arrival();
      expect(reader.calls).toEqual(['closed']);
    });

    it('delivers nothing while it is paused, and everything after', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      peer.write('a');
      await reader.untilText('a');
      stream.pause();
      peer.write('b');
      await arrival();
      expect(reader.text).toBe('a');
      stream.resume();
      await reader.untilText('ab');
    });

    it('holds early bytes back when it is paused right after read()', async () => {
      const { stream, peer, reader } = await open();
      peer.write('early');
      await arrival();
      stream.read(reader);
      stream.pause();
      await arrival();
      expect(reader.text).toBe('');
      stream.resume();
      await reader.untilText('early');
      peer.end('late');
      await reader.untilCalled('end');
      expect(reader.text).toBe('earlylate');
    });

    it('lets the peer feel that it is paused', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      stream.pause();
      peer.write(Buffer.alloc(BULK_BYTES, 'x'));
      await arrival();
      expect(peer.writableLength).toBeGreaterThan(0);
      expect(reader.length).toBe(0);
      stream.resume();
      await eventually(() => reader.length === BULK_BYTES, 'all arrived');
    });

    it('says when to wait and when to go on', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      peer.pause();
      const piece = Buffer.alloc(64 * 1024, 'x');
      let written = 0;
      do {
        // A TLS stream asks to wait for the end of each large write, also when the system took it at once.
        reader.calls.length = 0;
        while (stream.write(piece)) written += piece.length;
        written += piece.length;
        await arrival();
      } while (reader.count('drained') > 0);
      expect(reader.calls).toEqual([]);
      expect(stream.writableLength).toBeGreaterThan(0);
      let received = 0;
      peer.on('data', (bytes: Buffer) => (received += bytes.length)).resume();
      await reader.untilCalled('drained');
      expect(stream.writableLength).toBe(0);
      await eventually(() => received === written, 'all arrived');
      expect(reader.count('drained')).toBe(1);
    });

    it('says when to go on also to one who wrote small pieces after it was told to wait', async () => {
      const { lab, stream, peer, reader } = await open();
      stream.read(reader);
      peer.pause();
      // Bytes from a private read buffer are sent without a copy: that path has its own accounting.
      const lent = lab.buffers.take();
      while (stream.writeBorrowed(lent.bytes, 0, 40_000));
      for (let piece = 0; piece < 20; piece += 1) {
        stream.writeText('tail');
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.resume();
      await reader.untilCalled('drained');
      await eventually(() => stream.writableLength === 0, 'all is sent');
    });

    it('goes on to receive after its own end', async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.writeText('question');
      stream.end();
      expect(stream.writeEnded).toBe(true);
      await eventually(() => seen.ending() === 'end', 'the peer saw our end');
      expect(seen.text()).toBe('question');
      peer.end('answer');
      await reader.untilCalled('closed');
      expect(reader.text).toBe('answer');
      expect(reader.calls).toEqual(['data', 'end', 'closed']);
      expect(reader.errors).toEqual([undefined]);
    });

    it('receives what is under way when its reader ends our side', async () => {
      const { stream, peer, reader } = await open();
      peer.on('error', () => undefined).resume();
      reader.onData = () => {
        stream.end();
      };
      stream.read(reader);
      peer.end(Buffer.alloc(BULK_BYTES, 'x'));
      await reader.untilCalled('closed');
      expect(reader.length).toBe(BULK_BYTES);
      expect(reader.errors).toEqual([undefined]);
    });

    it("goes on to send after the peer's end", async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      peer.end('question');
      await reader.untilCalled('end');
      expect(reader.count('closed')).toBe(0);
      await arrival();
      stream.writeText('answer');
      await eventually(() => seen.text() === 'answer', 'the answer arrived');
      stream.end();
      await reader.untilCalled('closed');
      expect(reader.errors).toEqual([undefined]);
    });

    it('sends all that was written before the end', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      peer.pause();
      stream.write(Buffer.alloc(BULK_BYTES, 'x'));
      stream.end();
      let received = 0;
      peer.on('data', (bytes: Buffer) => (received += bytes.length)).resume();
      await once(peer, 'end');
      expect(received).toBe(BULK_BYTES);
    });

    it('is destroyed at once, and says so once', async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.destroy();
      expect(stream.destroyed).toBe(true);
      expect(stream.writeEnded).toBe(true);
      stream.destroy();
      await reader.untilCalled('closed');
      await eventually(() => seen.ending(), 'the peer saw it');
      await arrival();
      expect(reader.calls).toEqual(['closed']);
      expect(reader.errors).toEqual([undefined]);
    });

    it('hands the reason of its destruction to the reader', async () => {
      const { stream, reader } = await open();
      stream.read(reader);
      const reason = new Error('reason');
      stream.destroy(reason);
      await reader.untilCalled('closed');
      expect(reader.errors).toEqual([reason]);
    });

    it('resets the connection so that the peer knows', async () => {
      const { lab, stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.reset();
      await reader.untilCalled('closed');
      await eventually(() => seen.ending(), 'the peer saw it');
      // A unix socket knows no reset.
      if (transport === 'tcp') expect(seen.ending()).toBe('ECONNRESET');
      expect(reader.count('closed')).toBe(1);
      expect(lab.faults).toEqual([]);
    });

    it('can be reset in the moment of its end', async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.writeText('half');
      stream.end();
      stream.reset();
      await reader.untilCalled('closed');
      await eventually(() => seen.ending(), 'the peer saw it');
      // Nobody answers there any more.
      await eventually(() => {
        peer.write('more');
        return peer.destroyed;
      }, 'the connection is gone');
      expect(reader.count('closed')).toBe(1);
    });

    it('can be reset after its end', async () => {
      const { stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.end();
      await eventually(() => seen.ending() === 'end', 'the peer saw the end');
      stream.reset();
      await reader.untilCalled('closed');
      expect(reader.count('closed')).toBe(1);
    });

    it('tells the reader of a reset by the peer', async () => {
      const { stream, peer, reader } = await open();
      stream.read(reader);
      if (transport === 'tcp') peer.resetAndDestroy();
      else peer.destroy();
      if (transport === 'unix') {
        await reader.untilCalled('end');
        await eventually(() => {
          stream.writeText('anybody there?');
          return stream.destroyed;
        }, 'a write finds out');
      }
      await reader.untilCalled('closed');
      expect(reader.errors[0]).toBeInstanceOf(Error);
      expect(reader.count('closed')).toBe(1);
    });

    it('ignores what is written after its end', async () => {
      const { lab, stream, peer, reader } = await open();
      const seen = collect(peer);
      stream.read(reader);
      stream.writeText('all');
      stream.end();
      expect(stream.writeText('late')).toBe(true);
      expect(stream.write(Buffer.from('late'))).toBe(true);
      expect(stream.writeBorrowed(Buffer.alloc(40_000), 0, 40_000)).toBe(true);
      stream.end();
      await eventually(() => seen.ending() === 'end', 'the peer saw the end');
      expect(seen.text()).toBe('all');
      stream.destroy();
      expect(stream.writeText('late')).toBe(true);
      expect(stream.writeBorrowed(lab.buffers.take().bytes, 0, 40_000)).toBe(true);
      stream.end();
      stream.pause();
      stream.resume();
      await reader.untilCalled('closed');
      stream.reset();
      await arrival();
      expect(reader.count('closed')).toBe(1);
      expect(lab.faults).toEqual([]);
    });

    it.each(['data', 'end'] as const)('destroys only the stream whose reader throws in %s', async (call) => {
      const { lab, stream, peer, reader } = await open();
      const other = await lab.open(path, transport);
      const otherReader = new RecordingReader();
      other.stream.read(otherReader);
      const failure = new Error('broken reader');
      const broken = Object.assign(reader, {
        [call]: () => {
          throw failure;
        },
      });
      stream.read(broken);
      if (call === 'data') peer.write('x');
      else peer.end();
      await reader.untilCalled('closed');
      expect(lab.faults).toEqual([failure]);
      expect(reader.errors).toEqual([failure]);
      other.peer.write('still there');
      await otherReader.untilText('still there');
    });

    it('destroys the stream whose reader throws in drained', async () => {
      const { lab, stream, peer, reader } = await open();
      const failure = new Error('broken reader');
      reader.drained = () => {
        throw failure;
      };
      stream.read(reader);
      while (stream.write(Buffer.alloc(256 * 1024)));
      peer.resume();
      await reader.untilCalled('closed');
      expect(lab.faults).toEqual([failure]);
    });

    it('survives a reader that throws in closed', async () => {
      const { lab, stream, reader } = await open();
      const failure = new Error('broken reader');
      reader.closed = () => {
        throw failure;
      };
      stream.read(reader);
      stream.destroy();
      await eventually(() => lab.faults.length > 0, 'the fault was told');
      expect(lab.faults).toEqual([failure]);
    });

    it('survives an early chunk whose reader throws', async () => {
      const { lab, stream, peer, reader } = await open();
      peer.write('x');
      await arrival();
      const failure = new Error('broken reader');
      reader.data = () => {
        throw failure;
      };
      stream.read(reader);
      await reader.untilCalled('closed');
      expect(lab.faults).toEqual([failure]);
      expect(reader.count('closed')).toBe(1);
    });

    it('hands the next chunk to the reader that took over', async () => {
      const { stream, peer, reader } = await open();
      const next = new RecordingReader();
      reader.onData = () => {
        stream.read(next);
      };
      stream.read(reader);
      peer.write('head');
      await reader.untilText('head');
      peer.write('body');
      await next.untilText('body');
      peer.end();
      await next.untilCalled('end');
      stream.end();
      await next.untilCalled('closed');
      expect(reader.calls).toEqual(['data']);
      expect(next.calls).toEqual(['data', 'end', 'closed']);
    });

    it('tells the reader that takes over at the end of a stream once of everything', async () => {
      const { stream, peer, reader } = await open();
      const next = new RecordingReader();
      peer.end('early');
      await arrival();
      reader.onData = () => {
        stream.read(next);
        stream.end();
      };
      stream.read(reader);
      await next.untilCalled('closed');
      await arrival();
      expect(reader.calls).toEqual(['data']);
      expect(next.calls).toEqual(['end', 'closed']);
    });

    it('drops a reader that was replaced before it heard anything', async () => {
      const { stream, peer, reader } = await open();
      const next = new RecordingReader();
      peer.write('early');
      await arrival();
      stream.read(reader);
      stream.read(next);
      await next.untilText('early');
      expect(reader.calls).toEqual([]);
    });
  },
);

describe('a stream that died before anybody read', () => {
  it('gives its early bytes and then its end, once, also when the reader changes in between', async () => {
    const lab = new StreamLab();
    const { stream, peer } = await lab.open('dialled');
    const reader = new RecordingReader();
    const next = new RecordingReader();
    peer.write('early');
    await arrival();
    stream.destroy(new Error('gone'));
    await arrival();
    reader.onData = () => {
      stream.read(next);
    };
    stream.read(reader);
    await next.untilCalled('closed');
    await arrival();
    expect(reader.text).toBe('early');
    expect(reader.calls).toEqual(['data']);
    expect(next.calls).toEqual(['closed']);
  });
});
