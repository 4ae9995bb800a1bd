import type { Chance, PickContext } from '../contract/balancer.ts';

const KEY_SEED = 0x5ba1a9ce;

/**
 * A 32-bit hash (0 to 2³² - 1) of a text: MurmurHash3_x86_32 over its UTF-16 code units, little-endian.
 * Not for secrets: an attacker who knows the seed can find texts that collide.
 *
 * Source: Appleby, MurmurHash3 (public domain).
 */
export function hashText(text: string, seed = 0): number {
  let hash = seed | 0;
  const pairsEnd = text.length & ~1;
  for (let at = 0; at < pairsEnd; at += 2) {
    hash ^= scramble(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (pairsEnd < text.length) hash ^= scramble(text.charCodeAt(pairsEnd));
  return mixBits(hash ^ (text.length * 2));
}

/** Spreads each bit of a 32-bit integer over all 32 (MurmurHash3's finalizer): different integers stay different. */
export function mixBits(bits: number): number {
  let mixed = bits | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const multiplied = Math.imul(block, 0xcc9e2d51);
  return Math.imul((multiplied << 15) | (multiplied >>> 17), 0x1b873593);
}

/**
 * The hash of a request's key, which is its place on a ring or in a table. A request without a key (undefined or '') gets a random hash,
 * so weights and load bounds hold for it too.
 */
export function pickHash(key: string | undefined, chance: Chance): number {
  if (key === undefined || key === '') return Math.floor(chance() * 2 ** 32) >>> 0;
  return hashText(key, KEY_SEED);
}

/** Whether a request has a key, so that its place is not random. */
export function hasKey({ key }: PickContext): boolean {
  return key !== undefined && key !== '';
}
