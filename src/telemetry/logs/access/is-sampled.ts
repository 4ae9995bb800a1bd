/**
 * Whether an id belongs to the share of all ids that is kept: 0 none, 1 all. The same id gives the same answer in every
 * process, and one that is kept at a share is kept at any larger one.
 */
export function isSampled(id: string, share: number): boolean {
  return hash(id) / 0x1_0000_0000 < share;
}

/** FNV-1a with the last steps of MurmurHash3, since ids that are counted up differ in few bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
