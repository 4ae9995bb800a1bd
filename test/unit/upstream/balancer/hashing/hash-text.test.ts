import { describe, expect, it } from 'vitest';
import { hashText, mixBits } from '../../../../../src/upstream/balancer/hashing/hash-text.ts';

/** A text whose UTF-16LE form is these ASCII bytes, as the published vectors are over bytes. */
function overBytes(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('utf16le');
}

describe('hashText', () => {
  it.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['aa', 0x9747b28c, 0x5d211726],
    ['abcd', 0x9747b28c, 0xf0478627],
  ])('gives the published MurmurHash3 value of %j with seed %i', (ascii, seed, expected) => {
    expect(hashText(overBytes(ascii), seed)).toBe(expected);
  });

  it('fills buckets evenly, also with keys that differ in one character', () => {
    const buckets = new Array<number>(64).fill(0);
    const count = 64_000;
    for (let at = 0; at < count; at++) buckets[hashText(`10.1.${at >> 8}.${at & 255}`) >>> 26]!++;
    const ideal = count / 64;
    const chiSquare = buckets.reduce((sum, found) => sum + (found - ideal) ** 2 / ideal, 0);
    // 63 degrees of freedom: above 103 in one of a thousand hashes that spread perfectly.
    expect(chiSquare).toBeLessThan(103);
  });

  it('flips about half of the bits when one character changes', () => {
    let flipped = 0;
    for (let at = 0; at < 1000; at++) {
      let difference = hashText(`key-${at}-a`) ^ hashText(`key-${at}-b`);
      for (; difference !== 0; difference &= difference - 1) flipped++;
    }
    expect(Math.abs(flipped / 1000 - 16)).toBeLessThan(0.6);
  });
});

describe('mixBits', () => {
  it('stays an unsigned 32-bit integer and keeps different inputs apart', () => {
    const mixed = new Set<number>();
    for (let bits = -5000; bits < 5000; bits++) {
      const value = mixBits(bits);
      expect(value).toBe(value >>> 0);
      mixed.add(value);
    }
    expect(mixed.size).toBe(10_000);
  });
});
