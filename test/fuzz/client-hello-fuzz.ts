import { ClientHelloReader } from '../../src/net/tls/client-hello/client-hello-reader.ts';
import { ClientHello } from '../../src/net/tls/client-hello/client-hello.ts';
import { HELLO_LIMIT_BYTES, type HelloRefusal } from '../../src/net/tls/client-hello/hello-refusal.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { helloMessage, inRecords } from '../support/tls/client-hello-bytes.ts';
import { REAL_HELLOS } from '../support/tls/real-hellos.ts';
import type { ReaderFuzz } from './reader-fuzz.ts';

const HOST_NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** A ClientHello of a real client or a made one, mostly broken in some places. */
export const CLIENT_HELLO_FUZZ: ReaderFuzz = {
  title: 'ClientHellos',
  make(random) {
    let bytes = startOf(random);
    for (let times = random.between(0, 4); times > 0; times -= 1) bytes = broken(bytes, random);
    return bytes;
  },
  judge: judgeHello,
};

function judgeHello(bytes: Buffer, random: SeededRandom): string | undefined {
  const whole = outcomeOf([bytes]);
  if (typeof whole === 'string') return whole;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = random.between(1, random.pick([1, 5, 64, 2_000]));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  const cut = outcomeOf(pieces);
  if (typeof cut === 'string') return cut;
  return same(whole, cut) ? undefined : 'another result in pieces than at once';
}

interface Outcome {
  readonly result: ClientHello | HelloRefusal | undefined;
}

function outcomeOf(pieces: readonly Buffer[]): Outcome | string {
  const reader = new ClientHelloReader();
  const whole = Buffer.concat(pieces);
  let given = 0;
  try {
    for (const piece of pieces) {
      // The reader must neither change nor keep what it borrows.
      const borrowed = Buffer.from(piece);
      const result = reader.read(borrowed, 0, borrowed.length);
      given += piece.length;
      if (!borrowed.equals(piece)) return 'borrowed bytes were changed';
      borrowed.fill(0x55);
      const isOver = result !== undefined || given === whole.length;
      if (isOver && !reader.bytes.equals(whole.subarray(0, given))) return 'kept bytes are not what came';
      if (result === undefined && given > HELLO_LIMIT_BYTES) return 'more bytes than the limit are kept';
      if (result !== undefined)
        return result instanceof ClientHello ? (wrongIn(result) ?? { result }) : { result };
    }
    return { result: undefined };
  } catch (error) {
    return `the reader threw ${String(error)}`;
  }
}

function wrongIn(hello: ClientHello): string | undefined {
  const { sni, alpn, versions } = hello;
  if (sni !== undefined && (!HOST_NAME.test(sni) || sni.length > 253))
    return `a name that is none: ${JSON.stringify(sni)}`;
  if (alpn.some((name) => name.length === 0 || name.length > 255)) return 'an ALPN name of no length';
  return versions.every((number) => number >= 0 && number <= 0xffff)
    ? undefined
    : 'a number that has not two bytes';
}

function same(one: Outcome, other: Outcome): boolean {
  if (!(one.result instanceof ClientHello) || !(other.result instanceof ClientHello))
    return one.result === other.result;
  return JSON.stringify(shown(one.result)) === JSON.stringify(shown(other.result));
}

function shown({ sni, ech, alpn, versions }: ClientHello): unknown {
  return [sni, ech, alpn, versions];
}

function startOf(random: SeededRandom): Buffer {
  if (random.next() < 0.4) return Buffer.from(random.pick(REAL_HELLOS).base64, 'base64');
  const message = helloMessage({
    sni: random.pick(['a.test', 'A.TEST.', 'x'.repeat(random.between(0, 300)), '127.0.0.1', 'ü.test']),
    alpn: random.pick([[], ['h2'], ['', 'x']]),
    versions: random.pick([[0x0304], [], [0x0a0a, 0x0303]]),
    ticket: random.bytes(random.between(0, 40)),
    ...(random.next() < 0.5 ? { pskIdentity: random.bytes(random.between(0, 40)) } : {}),
    ...(random.next() < 0.3 ? { ech: random.pick(['outer', 'inner'] as const) } : {}),
    ...(random.next() < 0.02 ? { paddingBytes: random.between(0, 60_000) } : {}),
    sessionId: random.bytes(random.between(0, 34)),
  });
  return inRecords(message, random.pick([1, 2, 3, 50, 500, 16_384, 16_384]), random.pick([1, 700, 16_384]));
}

/** The bytes with one mistake more. */
function broken(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.between(0, Math.max(0, bytes.length - 1));
  const copy = Buffer.from(bytes);
  switch (random.between(0, 5)) {
    case 0:
      if (copy.length > 0) copy[at] = random.between(0, 255);
      return copy;
    case 1:
      if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.between(0, 7));
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return Buffer.concat([copy.subarray(0, at), random.bytes(random.between(1, 20)), copy.subarray(at)]);
    case 4:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + random.between(1, 20))]);
    default:
      return Buffer.concat([copy, random.bytes(random.between(1, 200))]);
  }
}
