import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';

import { ReadBuffers, type PrivateBuffer } from '../../../src/net/transport/memory/read-buffers.ts';
import type { DialedTransport } from '../../../src/net/dial/dialer.ts';
import type { StreamReader } from '../../../src/plugin-api/index.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import {
  STREAM_PATHS,
  StreamLab,
  type StreamPath,
  type Transport,
} from '../../support/sockets/stream-ends.ts';

const KIB = 1024;
/** For longer hunts by hand. */
const EXTRA_SEED = Number(process.env['EXTRA_SEED'] ?? 0);
/** Around the limits at which the way of a chunk changes: copied as text, shared buffer full, private buffer full. */
const SIZES = [16, 64, 128]
  .flatMap((kib) => [kib * KIB - 1, kib * KIB, kib * KIB + 1])
  .concat([1, 1_000, 40_000, 100_000, 300_000]);

/** Counts how often bytes were still being sent from a buffer whose reader had gone on: without that, nothing is proven. */
class WatchedBuffers extends ReadBuffers {
  loansThatOutlivedTheRead = 0;
  recycled = 0;
  readonly #known = new Set<PrivateBuffer>();

  override take(): PrivateBuffer {
    const buffer = super.take();
    if (this.#known.has(buffer)) this.recycled += 1;
    this.#known.add(buffer);
    return buffer;
  }

  override release(buffer: PrivateBuffer): void {
    if (buffer.lent) this.loansThatOutlivedTheRead += 1;
    super.release(buffer);
  }
}

/** Passes on what arrives, as one or as several borrowed pieces, with backpressure. */
class Forwarder implements StreamReader {
  readonly #from: DialedTransport;
  readonly #to: DialedTransport;
  readonly #random: SeededRandom;

  constructor(from: DialedTransport, to: DialedTransport, random: SeededRandom) {
    this.#from = from;
    this.#to = to;
    this.#random = random;
    from.read(this);
    to.read({
      data: () => undefined,
      end: () => undefined,
      closed: () => undefined,
      drained: () => from.resume(),
    });
  }

  data(bytes: Buffer, start: number, end: number): void {
    // In pieces now and then, as chunks of a body are: two pieces of one private buffer are on their way then.
    const middle = this.#random.next() < 0.3 ? this.#random.between(start, end) : end;
    const firstFits = this.#to.writeBorrowed(bytes, start, middle);
    const secondFits = middle === end || this.#to.writeBorrowed(bytes, middle, end);
    // Some readers go on though they were told to wait: then the next chunk comes while this one is still being sent.
    const heeds = this.#random.next() < 0.6;
    if (heeds && (!firstFits || !secondFits)) this.#from.pause();
  }

  end(): void {
    this.#to.end();
  }

  drained(): void {
    // Nothing is sent that way.
  }

  closed(): void {
    // The other end notices by itself.
  }
}

/** Sends pieces of mixed sizes with pauses; returns the checksum. */
async function send(peer: Socket, totalBytes: number, random: SeededRandom): Promise<string> {
  const hash = createHash('sha256');
  // Each position of each transfer has other bytes, so that a piece in a wrong place shows.
  const source = random.bytes(3 * 1024 * KIB + 7);
  let sent = 0;
  let at = 0;
  while (sent < totalBytes) {
    const length = Math.min(random.pick(SIZES), totalBytes - sent);
    if (at + length > source.length) at = random.between(0, 1_000);
    const piece = source.subarray(at, at + length);
    at += length;
    sent += length;
    hash.update(piece);
    if (!peer.write(piece)) await once(peer, 'drain');
    if (random.next() < 0.05) await pause(random.between(0, 3));
  }
  peer.end();
  return hash.digest('hex');
}

/** Takes all that arrives, with pauses of so many ms at most; returns its checksum. */
function receiveSlowly(peer: Socket, random: SeededRandom, longestPauseMs: number): Promise<string> {
  return new Promise((resolve) => {
    const hash = createHash('sha256');
    let untilPause = random.between(0, 2_000_000);
    peer.on('data', (bytes: Buffer) => {
      hash.update(bytes);
      untilPause -= bytes.length;
      if (untilPause > 0) return;
      untilPause = random.between(0, 2_000_000);
      peer.pause();
      setTimeout(() => peer.resume(), random.between(1, longestPauseMs));
    });
    peer.on('end', () => {
      resolve(hash.digest('hex'));
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** One transfer through two streams; true when the bytes stayed right. */
async function transfer(
  lab: StreamLab,
  path: StreamPath,
  transport: Transport,
  totalBytes: number,
  seed: number,
): Promise<boolean> {
  const random = new SeededRandom(seed);
  const [from, to] = await Promise.all([lab.open(path, transport), lab.open('dialled', transport)]);
  new Forwarder(from.stream, to.stream, new SeededRandom(seed + 1));
  const [sent, received] = await Promise.all([
    send(from.peer, totalBytes, random),
    // The system keeps more for a TCP connection: it takes longer until that is full.
    receiveSlowly(to.peer, new SeededRandom(seed + 2), transport === 'tcp' ? 150 : 15),
  ]);
  return sent === received;
}

describe('bytes that streams borrow and lend', () => {
  it.each([
    ['accepted', 'tcp', 11],
    ['accepted', 'unix', 12],
    ['dialled', 'tcp', 13],
    ['dialled', 'unix', 14],
    ['accepted, by data events', 'unix', 15],
  ] as const)(
    'stay right in many slow bulk transfers at once (%s, %s, seed %i)',
    async (path, transport, seed) => {
      const buffers = new WatchedBuffers();
      const lab = new StreamLab(buffers);
      const transfers = Array.from({ length: 8 }, (_, index) =>
        transfer(lab, path, transport, 8 * 1024 * KIB, (seed + EXTRA_SEED) * 1_000 + index * 10),
      );
      expect(await Promise.all(transfers)).toEqual(transfers.map(() => true));
      expect(lab.faults).toEqual([]);
      if (path === 'accepted, by data events') return;
      expect(buffers.loansThatOutlivedTheRead, 'writes that took longer than a read').toBeGreaterThan(0);
      expect(buffers.recycled, 'buffers that served again').toBeGreaterThan(0);
    },
  );

  it('stay right when streams are destroyed in the middle of a loan', async () => {
    const buffers = new WatchedBuffers();
    const lab = new StreamLab(buffers);
    const random = new SeededRandom(21 + EXTRA_SEED);
    const disturbance = { goesOn: true };
    const disturb = (async () => {
      for (let round = 0; disturbance.goesOn; round += 1) {
        const [from, to] = await Promise.all([
          lab.open(random.pick(STREAM_PATHS), 'unix'),
          lab.open('dialled', 'unix'),
        ]);
        new Forwarder(from.stream, to.stream, random);
        const victim = random.pick([from.stream, to.stream]);
        from.peer.write(random.bytes(2_000_000));
        await pause(random.between(1, 20));
        if (round % 2 === 0) victim.destroy();
        else victim.reset();
        from.peer.destroy();
        to.peer.destroy();
      }
    })();
    const transfers = Array.from({ length: 6 }, (_, index) =>
      transfer(lab, 'accepted', 'unix', 6 * 1024 * KIB, (22 + EXTRA_SEED) * 1_000 + index * 10),
    );
    const results = await Promise.all(transfers);
    disturbance.goesOn = false;
    await disturb;
    expect(results).toEqual(transfers.map(() => true));
    expect(buffers.loansThatOutlivedTheRead).toBeGreaterThan(0);
  });

  it('would be seen to go wrong', async () => {
    class CarelessBuffers extends ReadBuffers {
      readonly #only = super.take();

      override take(): PrivateBuffer {
        this.#only.returned = false;
        this.#only.lent = false;
        return this.#only;
      }
    }
    const lab = new StreamLab(new CarelessBuffers());
    const transfers = Array.from({ length: 6 }, (_, index) =>
      transfer(lab, 'accepted', 'unix', 3 * 1024 * KIB, 31_000 + index * 10),
    );
    expect(await Promise.all(transfers)).toContain(false);
  });
});
