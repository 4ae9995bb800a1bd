const CR = 0x0d;
const LF = 0x0a;

/** Where the line breaks end that begin at `start`. */
export function afterLineBreaks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at += 1;
  return at;
}
