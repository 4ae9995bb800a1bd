import { ChunkedText, lastChunk } from './chunked-text.ts';
import type { Head } from './head.ts';
import { END, MORE, type MessageReader } from './message-reader.ts';

/** What is wrong with a body; undefined while nothing is. */
export type BodyFault = 'malformed' | 'too large' | undefined;

/** A request's body as it arrives: tells where it ends, and gives the bytes for the backend, framed as they came. */
export class RequestBody {
  readonly isChunked: boolean;
  /** True until the last byte arrived. */
  isOpen = true;
  /** Body bytes so far, without framing. */
  bytes = 0;
  fault: BodyFault;
  /** After `take`: what to forward is `piece[pieceStart, pieceEnd)`. */
  piece: Buffer = EMPTY;
  pieceStart = 0;
  pieceEnd = 0;
  #left: number;
  readonly #limit: number;
  readonly #chunks: ChunkedText | undefined;

  private constructor(isChunked: boolean, left: number, limit: number) {
    this.isChunked = isChunked;
    this.#left = left;
    this.#limit = limit;
    this.#chunks = isChunked ? new ChunkedText() : undefined;
  }

  /** The body that a head announces; undefined when there is none. `limitBytes` 0: no limit. */
  static of(head: Head, limitBytes: number): RequestBody | undefined {
    const limit = limitBytes === 0 ? Number.POSITIVE_INFINITY : limitBytes;
    if (head.chunked) return new RequestBody(true, 0, limit);
    return head.contentLength > 0 ? new RequestBody(false, head.contentLength, limit) : undefined;
  }

  /** Takes the part of `bytes[start, end)` that belongs to the body; returns where it ends. */
  take(bytes: Buffer, start: number, end: number, reader: MessageReader): number {
    return this.#chunks === undefined
      ? this.#takePlain(bytes, start, end)
      : this.#takeChunks(this.#chunks, bytes, start, end, reader);
  }

  #takePlain(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#left);
    this.#left -= stop - start;
    this.bytes += stop - start;
    this.isOpen = this.#left > 0;
    this.piece = bytes;
    this.pieceStart = start;
    this.pieceEnd = stop;
    return stop;
  }

  #takeChunks(chunks: ChunkedText, bytes: Buffer, start: number, end: number, reader: MessageReader): number {
    const progress = reader.feed(bytes, start, end, chunks);
    this.bytes = chunks.bytes;
    if (this.bytes > this.#limit) this.fault = 'too large';
    else if (progress !== END && progress !== MORE) this.fault = 'malformed';
    if (progress === END) {
      chunks.text += lastChunk(reader.head);
      this.isOpen = false;
    }
    const text = chunks.take();
    this.piece = text === '' ? EMPTY : Buffer.from(text, 'latin1');
    this.pieceStart = 0;
    this.pieceEnd = this.piece.length;
    return progress === END ? reader.position : end;
  }
}

const EMPTY = Buffer.alloc(0);
