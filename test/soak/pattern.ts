import { SeededRandom } from '../support/seeded-random.ts';

/** Sizes of bodies are limited by nothing but this; no part of a body is like another. */
const PATTERN_BYTES = 1_048_573;

/** The bytes that every body is a part of: body `offset, size` begins there and goes around. */
const pattern: Buffer = new SeededRandom(4_711).bytes(PATTERN_BYTES);

/** The next piece of a body, at most `size` bytes long; never empty. */
export function patternPiece(position: number, size: number): Buffer {
  const start = position % PATTERN_BYTES;
  return pattern.subarray(start, Math.min(PATTERN_BYTES, start + size));
}

/** Whether `bytes` are what the pattern has at that position. */
export function matchesPattern(position: number, bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    const piece = patternPiece(position + at, bytes.length - at);
    if (piece.compare(bytes, at, at + piece.length) !== 0) return false;
    at += piece.length;
  }
  return true;
}

/** Holds arriving bytes against the pattern. */
export class PatternCheck {
  received = 0;
  /** Where the first wrong byte was found, about. */
  wrongAt: number | undefined;
  readonly #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  take(bytes: Buffer): void {
    if (this.wrongAt === undefined && !matchesPattern(this.#offset + this.received, bytes))
      this.wrongAt = this.received;
    this.received += bytes.length;
  }

  /** The fault in the bytes, if there should be `size` of them; '' when there is none. */
  verdict(size: number): string {
    if (this.wrongAt !== undefined) return `wrong bytes behind ${this.wrongAt} of ${size}`;
    return this.received === size ? '' : `${this.received} bytes instead of ${size}`;
  }
}
