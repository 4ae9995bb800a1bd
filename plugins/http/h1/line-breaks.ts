const CR = 0x0d;
const LF = 0x0a;

/** The index of the first byte from `start` on that is not part of a line break. */
export function afterLineBreaks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at += 1;
  return at;
}
