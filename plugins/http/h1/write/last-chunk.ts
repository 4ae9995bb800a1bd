import { mayBeTrailer, type FieldLine } from '../../message/trailers.ts';

/** The end of a chunked body, with those of its trailers that may be passed on. */
export function lastChunk(trailers: readonly FieldLine[]): string {
  let text = '0\r\n';
  for (const { name, rest } of trailers) {
    if (mayBeTrailer(name)) text += `${name}:${rest}\r\n`;
  }
  return `${text}\r\n`;
}
