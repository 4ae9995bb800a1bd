/** RFC 9110 5.6.2. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]*$/;
/** A longer one is no method that anybody knows. */
const LONGEST_METHOD = 64;
const SPACE = 0x20;

/** What became of bytes that are no request that the parser knows. */
export type Verdict = 'unknown method' | 'malformed' | 'unclear';

/**
 * Tells a request whose method nobody here knows (501) from what is no request at all (400). `unclear` while the bytes could
 * still be the beginning of a method.
 */
export function judgeStart(bytes: Buffer, methods: ReadonlySet<string>): Verdict {
  const space = bytes.indexOf(SPACE);
  const end = space < 0 ? bytes.length : space;
  const word = bytes.latin1Slice(0, Math.min(end, LONGEST_METHOD));
  if (word === '' || !TOKEN.test(word)) return 'malformed';
  if (space < 0 && end < LONGEST_METHOD) return 'unclear';
  return methods.has(word) ? 'malformed' : 'unknown method';
}
