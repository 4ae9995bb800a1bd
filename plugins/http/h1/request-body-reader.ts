import type { Refusal } from '../message/refusal/refusal.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';
import { ChunkPieces } from './parse/chunk-pieces.ts';
import { END, MORE, type MessageReader } from './parse/message-reader.ts';
import { refuseBodyFault } from './parse/request-faults.ts';

/** What a {@link RequestBodyReader} calls for the parts of the body. */
export interface BodyEvents {
  data(bytes: Buffer, start: number, end: number): void;
  end(trailers: readonly FieldLine[]): void;
  malformed(refusal: Refusal): void;
}

/** Finds the body of one request in the bytes that arrive. */
export class RequestBodyReader {
  /** True until the last byte of the body arrived. */
  isOpen = true;
  /** What is left of a body of known length, in bytes. */
  #left: number;
  /** Set for a body in chunks. */
  readonly #pieces: ChunkPieces | undefined;
  #isStopped = false;

  /** @param length in bytes; -1 for a body in chunks */
  constructor(length: number) {
    this.#left = length;
    this.#pieces = length < 0 ? new ChunkPieces() : undefined;
  }

  /** Ends the calls: the rest of the body is not passed on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Passes on the part of `bytes[start, end)` that belongs to the body. Returns the end of that part; -1 after {@link stop}. */
  take(events: BodyEvents, reader: MessageReader, bytes: Buffer, start: number, end: number): number {
    const stop =
      this.#pieces === undefined
        ? this.#takePlain(events, bytes, start, end)
        : this.#takeChunks(this.#pieces, events, reader, bytes, start, end);
    return this.#isStopped ? -1 : stop;
  }

  #takePlain(events: BodyEvents, bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#left);
    this.#left -= stop - start;
    this.isOpen = this.#left > 0;
    events.data(bytes, start, stop);
    if (!this.isOpen && !this.#isStopped) events.end(NO_TRAILERS);
    return stop;
  }

  #takeChunks(
    pieces: ChunkPieces,
    events: BodyEvents,
    reader: MessageReader,
    bytes: Buffer,
    start: number,
    end: number,
  ): number {
    const progress = reader.feed(bytes, start, end, pieces);
    this.isOpen = progress !== END;
    if (pieces.length > 0) pieces.passTo(events);
    if (progress === MORE || this.#isStopped) return end;
    if (progress === END) events.end(reader.trailers);
    else events.malformed(refuseBodyFault(reader.fault));
    return progress === END ? reader.position : end;
  }
}
