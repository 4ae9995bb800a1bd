import type { BodySink } from './chunk-decoder.ts';

/** Collects the pieces of a chunked body from one read, and passes them on in one call once all of them are decoded. */
export class ChunkPieces implements BodySink {
  #bytes: Buffer = EMPTY;
  /** Beginning and end of each piece. */
  readonly #ranges: number[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bodyPiece(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#ranges.push(start, end);
    this.#length += end - start;
  }

  /** Passes the pieces on as one: a single piece without a copy, several pieces as a copy. */
  passTo(receiver: { data(bytes: Buffer, start: number, end: number): void }): void {
    const bytes = this.#bytes;
    const ranges = this.#ranges;
    const length = this.#length;
    this.#bytes = EMPTY;
    this.#length = 0;
    if (ranges.length === 2) {
      const [start = 0, end = 0] = ranges;
      ranges.length = 0;
      receiver.data(bytes, start, end);
      return;
    }
    const joined = Buffer.allocUnsafe(length);
    let at = 0;
    for (let i = 0; i < ranges.length; i += 2) at += bytes.copy(joined, at, ranges[i], ranges[i + 1]);
    ranges.length = 0;
    receiver.data(joined, 0, length);
  }
}

const EMPTY = Buffer.alloc(0);
