/**
 * `Buffer`'s own latin1 decoder, without the argument handling of `toString('latin1', start, end)`:
 * undocumented, in all versions of Node.js, and called several times a request.
 */
interface Buffer {
  latin1Slice(start: number, end: number): string;
}
