import { HeaderReader, readHeader } from '../../src/net/proxy-protocol/read/header-reader.ts';
import {
  HeaderFault,
  type HeaderOutcome,
  type ParsedHeader,
} from '../../src/net/proxy-protocol/read/parsed-header.ts';
import { ReceivedHeader } from '../../src/net/proxy-protocol/read/received-header.ts';
import { headerV2, tlv, withChecksum } from '../support/proxy-headers.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { ReaderFuzz } from './reader-fuzz.ts';
import { strictlyReadHeader } from './strict-proxy-header.ts';

const SENDER = { address: '10.0.0.9', port: 1 };
/** Bytes of both addresses, by the byte of the family. */
const ENDS = { 0x11: 12, 0x21: 36, 0x31: 216, 0x00: 0 } as const;
/** What mutations of text insert. */
const TEXTS = ' |\r|\n|\r\n|\0|0|9|:|::|.|%|TCP4|UNKNOWN|65536|-1|\xff'.split('|');
const CONTROL = /[\x00-\x1f\x7f]/;

/** Headers of both versions, mostly broken in some places, with bytes behind them. */
export const PROXY_HEADER_FUZZ: ReaderFuzz = {
  title: 'PROXY headers',
  make: (random) => Buffer.concat([broken(goodHeader(random), random), random.bytes(random.between(0, 9))]),
  judge: judgeHeader,
};

export function anyAddress(random: SeededRandom): string {
  if (random.next() < 0.5) return Array.from(random.bytes(4)).join('.');
  const groups = Array.from({ length: 8 }, () =>
    (random.next() < 0.5 ? 0 : random.between(0, 0xffff)).toString(16),
  );
  return groups.join(':');
}

function goodHeader(random: SeededRandom): Buffer {
  const kind = random.next();
  // A line that is about as long as one may be.
  if (kind < 0.05) return Buffer.from(`PROXY UNKNOWN ${'x'.repeat(random.between(85, 95))}\r\n`, 'latin1');
  if (kind < 0.4) {
    const ports = `${random.between(0, 65_536)} ${random.between(0, 65_536)}`;
    const protocol = random.pick(['TCP4', 'TCP6', 'UNKNOWN']);
    return Buffer.from(
      `PROXY ${protocol} ${anyAddress(random)} ${anyAddress(random)} ${ports}\r\n`,
      'latin1',
    );
  }
  if (kind < 0.7) return withChecksum(records(random));
  const family = random.pick([0x11, 0x21, 0x31, 0x00] as const);
  const command = random.pick([0x20, 0x21, 0x21, 0x21]);
  return headerV2(command, family, random.bytes(ENDS[family]), ...records(random));
}

function records(random: SeededRandom): Buffer[] {
  return Array.from({ length: random.between(0, 4) }, () =>
    tlv(random.pick([1, 2, 3, 4, 5, 0x20, 0x21, 0x30, 0xea]), random.bytes(random.between(0, 140))),
  );
}

/** Changes, removes or inserts a few bytes. */
function broken(bytes: Buffer, random: SeededRandom): Buffer {
  let made = bytes;
  for (let change = random.between(0, 3); change > 0; change -= 1) {
    const at = random.between(0, Math.max(0, made.length - 1));
    const kind = random.next();
    const [before, after] = [made.subarray(0, at), made.subarray(at + (kind < 0.66 ? 1 : 0))];
    const middle = kind < 0.33 ? Buffer.alloc(0) : Buffer.from(random.pick(TEXTS), 'latin1');
    made = Buffer.concat([before, kind < 0.8 ? middle : random.bytes(random.between(1, 3)), after]);
  }
  return made;
}

function judgeHeader(bytes: Buffer, random: SeededRandom): string | undefined {
  try {
    const kept = Buffer.from(bytes);
    const whole = readHeader(bytes);
    const { outcome, rest } = readInPieces(bytes, random);
    if (!bytes.equals(kept)) return 'borrowed bytes were changed';
    if (textOf(outcome) !== textOf(whole)) return 'another result in pieces than at once';
    const expected = strictlyReadHeader(bytes);
    if (verdictOf(whole) !== expected) return `the reader says ${verdictOf(whole)}, a second one ${expected}`;
    if (whole === undefined || whole instanceof HeaderFault) return undefined;
    if (!rest.equals(bytes.subarray(whole.sizeBytes))) return 'other bytes are left than follow the header';
    return wrongIn(whole);
  } catch (error) {
    return `the reader threw ${String(error)}`;
  }
}

/** Reads pieces of random sizes until there is an outcome. */
function readInPieces(bytes: Buffer, random: SeededRandom): { outcome: HeaderOutcome; rest: Buffer } {
  const reader = new HeaderReader();
  let at = 0;
  let outcome: HeaderOutcome;
  while (at < bytes.length && outcome === undefined) {
    const size = random.next() < 0.5 ? 1 : random.between(1, 40);
    const borrowed = Buffer.from(bytes.subarray(at, at + size));
    outcome = reader.add(borrowed, 0, borrowed.length);
    borrowed.fill(0x55);
    at += size;
  }
  const used = outcome === undefined || outcome instanceof HeaderFault ? 0 : outcome.sizeBytes;
  return { outcome, rest: Buffer.concat([reader.bytes.subarray(used), bytes.subarray(at)]) };
}

function textOf(outcome: HeaderOutcome): string {
  if (outcome === undefined) return 'more';
  if (outcome instanceof HeaderFault) return outcome.reason;
  return JSON.stringify({ ...outcome, records: outcome.records.toString('hex') });
}

/** The outcome in the words of {@link strictlyReadHeader}. */
function verdictOf(outcome: HeaderOutcome): string {
  if (outcome === undefined) return 'more';
  if (outcome instanceof HeaderFault) return 'refused';
  const { sizeBytes, isLocal, source, destination } = outcome;
  const ports = source === undefined ? 'nobody' : `${source.port} ${String(destination?.port)}`;
  return `${sizeBytes} bytes: ${isLocal ? 'local' : ports}`;
}

/** What must hold for all that is decoded later, on demand. */
function wrongIn(header: ParsedHeader): string | undefined {
  const { authority, alpn, namespace, ssl, uniqueId, tlvs } = new ReceivedHeader(header, SENDER);
  const texts = [authority, alpn, namespace, ssl?.version, ssl?.cipher, ssl?.commonName];
  if (texts.some((text) => text !== undefined && CONTROL.test(text)))
    return 'a text with a control character';
  if ((uniqueId?.length ?? 0) > 128) return 'a unique id of more than 128 bytes';
  return tlvs.every(({ value }) => value.length <= header.records.length)
    ? undefined
    : 'a record that is longer than all of them';
}
