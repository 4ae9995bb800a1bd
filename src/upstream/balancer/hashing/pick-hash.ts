import type { Chance, PickContext } from '../balancer.ts';
import { hashText } from './hash-text.ts';

const KEY_SEED = 0x5ba1a9ce;

/**
 * Where a key leads to on a ring or in a table. A request without a key (undefined or '') gets a place by
 * chance: it goes where some key would have gone, so weights and load bounds hold for it too.
 */
export function pickHash(key: string | undefined, chance: Chance): number {
  if (key === undefined || key === '') return Math.floor(chance() * 2 ** 32) >>> 0;
  return hashText(key, KEY_SEED);
}

/** Whether a request has a key, so that chance has no part in its place. */
export function hasKey({ key }: PickContext): boolean {
  return key !== undefined && key !== '';
}
