/**
 * Whether an id belongs to the sampled share of all ids, from 0 (none) to 1 (all). Every process gives the same answer for the same
 * id, and an id that is sampled at one share is also sampled at every larger share.
 */
export function isSampled(id: string, share: number): boolean {
  return hash(id) / 0x1_0000_0000 < share;
}

/** FNV-1a, then the final mixing steps of MurmurHash3, because consecutive ids differ in few bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
