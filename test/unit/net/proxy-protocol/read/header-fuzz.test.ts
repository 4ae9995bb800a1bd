import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';

import { HeaderReader, readHeader } from '../../../../../src/net/proxy-protocol/read/header-reader.ts';
import { HeaderFault, type HeaderOutcome } from '../../../../../src/net/proxy-protocol/read/parsed-header.ts';
import { ReceivedHeader } from '../../../../../src/net/proxy-protocol/read/received-header.ts';
import { proxyHeaderOf } from '../../../../../src/net/proxy-protocol/write/proxy-header-of.ts';
import { headerV2, tlv, withChecksum } from '../../../../support/proxy-headers.ts';
import { SeededRandom } from '../../../../support/seeded-random.ts';

const CASES = 6_000;
const SENDER = { address: '10.0.0.9', port: 1 };
const ENDS = { 0x11: 12, 0x21: 36, 0x31: 216, 0x00: 0 } as const;
/** What mutations of text insert. */
const TEXTS = [
  ' ',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '0',
  '9',
  ':',
  '::',
  '.',
  '%',
  'TCP4',
  'UNKNOWN',
  '65536',
  '-1',
  '\xff',
];

function address(random: SeededRandom): string {
  if (random.next() < 0.5) return Array.from(random.bytes(4)).join('.');
  const groups = Array.from({ length: 8 }, () =>
    (random.next() < 0.5 ? 0 : random.between(0, 0xffff)).toString(16),
  );
  return groups.join(':');
}

function records(random: SeededRandom): Buffer[] {
  return Array.from({ length: random.between(0, 4) }, () =>
    tlv(random.pick([1, 2, 3, 4, 5, 0x20, 0x21, 0x30, 0xea]), random.bytes(random.between(0, 140))),
  );
}

function fresh(random: SeededRandom): Buffer {
  const kind = random.next();
  if (kind < 0.4) {
    const ports = `${random.between(0, 65_536)} ${random.between(0, 65_536)}`;
    const protocol = random.pick(['TCP4', 'TCP6', 'UNKNOWN']);
    return Buffer.from(`PROXY ${protocol} ${address(random)} ${address(random)} ${ports}\r\n`, 'latin1');
  }
  if (kind < 0.7) return withChecksum(records(random));
  const family = random.pick([0x11, 0x21, 0x31, 0x00] as const);
  const command = random.pick([0x20, 0x21, 0x21, 0x21]);
  return headerV2(command, family, random.bytes(ENDS[family]), ...records(random));
}

/** Changes, removes or inserts a few bytes. */
function mutated(bytes: Buffer, random: SeededRandom): Buffer {
  let made = bytes;
  for (let change = random.between(0, 3); change > 0; change -= 1) {
    const at = random.between(0, made.length - 1);
    const kind = random.next();
    const [before, after] = [made.subarray(0, at), made.subarray(at + (kind < 0.66 ? 1 : 0))];
    const middle = kind < 0.33 ? Buffer.alloc(0) : Buffer.from(random.pick(TEXTS), 'latin1');
    made = Buffer.concat([before, kind < 0.8 ? middle : random.bytes(random.between(1, 3)), after]);
  }
  return made;
}

/** Reads pieces of random sizes until there is an outcome. */
function readInPieces(bytes: Buffer, random: SeededRandom): { outcome: HeaderOutcome; rest: Buffer } {
  const reader = new HeaderReader();
  let at = 0;
  let outcome: HeaderOutcome;
  while (at < bytes.length && outcome === undefined) {
    const size = random.next() < 0.5 ? 1 : random.between(1, 40);
    outcome = reader.add(bytes, at, Math.min(bytes.length, at + size));
    at += size;
  }
  const used = outcome === undefined || outcome instanceof HeaderFault ? 0 : outcome.sizeBytes;
  return { outcome, rest: Buffer.concat([reader.bytes.subarray(used), bytes.subarray(at)]) };
}

/** What a line of version 1 may be, said in another way than the reader does. */
function isGoodLine(text: string): boolean {
  const line = /^PROXY ([ -~]*)\r\n/.exec(text);
  if (line === null || line[0].length > 107) return false;
  const [, rest = ''] = line;
  if (/^UNKNOWN(?: |$)/.test(rest)) return true;
  const words = /^(TCP[46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})$/.exec(rest);
  if (words === null) return false;
  const [, protocol, from = '', to = '', ...ports] = words;
  const isAddress = (word: string): boolean =>
    protocol === 'TCP4' ? isIPv4(word) : isIPv6(word) && !word.includes('%');
  const isPort = (port: string): boolean => String(Number(port)) === port && Number(port) < 65_536;
  return isAddress(from) && isAddress(to) && ports.every(isPort);
}

function summary(outcome: HeaderOutcome): unknown {
  if (outcome === undefined) return 'more';
  if (outcome instanceof HeaderFault) return outcome.reason;
  return { ...outcome, records: outcome.records.toString('hex') };
}

describe('bytes that may be a header', () => {
  it.each([1, 2, 3])('have one meaning, whole and in pieces (seed %d)', (seed) => {
    const random = new SeededRandom(seed);
    let [good, bad] = [0, 0];
    for (let index = 0; index < CASES; index += 1) {
      const bytes = Buffer.concat([mutated(fresh(random), random), random.bytes(random.between(0, 9))]);
      const whole = readHeader(bytes);
      const { outcome, rest } = readInPieces(bytes, random);
      const shown = `case ${index}: ${bytes.toString('latin1')}`;
      expect(summary(outcome), shown).toEqual(summary(whole));
      if (bytes[0] === 0x50 && bytes.length >= 107)
        expect(whole !== undefined && !(whole instanceof HeaderFault), shown).toBe(
          isGoodLine(bytes.toString('latin1')),
        );
      if (whole === undefined || whole instanceof HeaderFault) {
        bad += 1;
        continue;
      }
      good += 1;
      expect(whole.sizeBytes, shown).toBeLessThanOrEqual(
        Math.min(bytes.length, whole.version === 1 ? 107 : 4096),
      );
      expect(rest.equals(bytes.subarray(whole.sizeBytes)), shown).toBe(true);
      if (whole.version === 1) expect(isGoodLine(bytes.toString('latin1')), shown).toBe(true);
      const { authority, alpn, namespace, ssl, uniqueId } = new ReceivedHeader(whole, SENDER);
      for (const text of [authority, alpn, namespace, ssl?.version, ssl?.cipher, ssl?.commonName])
        expect(text ?? '', shown).not.toMatch(/[\x00-\x1f\x7f]/);
      expect(uniqueId?.length ?? 0).toBeLessThanOrEqual(128);
    }
    expect(Math.min(good, bad)).toBeGreaterThan(CASES / 10);
  });

  it('are read as they were written, for any two addresses', () => {
    const random = new SeededRandom(4);
    for (let index = 0; index < CASES; index += 1) {
      const peer = { address: address(random), port: random.between(0, 65_535) };
      const local = { address: address(random), port: random.between(0, 65_535) };
      const client = { peer, local, tls: undefined, proxy: undefined };
      const [first, second] = [
        readHeader(proxyHeaderOf('v1', client)),
        readHeader(proxyHeaderOf('v2', client)),
      ];
      expect(first).toMatchObject({
        version: 1,
        source: { port: peer.port },
        destination: { port: local.port },
      });
      expect(second).toMatchObject({
        ...(first as object),
        version: 2,
        sizeBytes: expect.any(Number) as number,
      });
    }
  });
});
