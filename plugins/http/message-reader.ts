import type { Head } from './head.ts';
import { FAILED, NEEDS_MORE, type MessageKind, type ParserMemory, type ParserSupply } from './llhttp.ts';
import type { BodySink, PartialHead, Scratch } from './scratch.ts';

/** What became of the bytes that a reader was fed. */
export const MORE = 0;
/** A head is complete: see {@link MessageReader.head}. */
export const HEAD = 1;
/** A chunked message is complete. */
export const END = 2;
export const INVALID = 3;
export const TOO_LARGE = 4;
export type Progress = typeof MORE | typeof HEAD | typeof END | typeof INVALID | typeof TOO_LARGE;

export interface HeadLimits {
  /** Bytes of start line and fields together. */
  readonly headerSize: number;
  readonly headerCount: number;
}

const NOTHING = Buffer.alloc(0);

/**
 * Reads heads, and chunked bodies with their trailers, from a stream of bytes; bodies of known length are counted by
 * whoever forwards them. A parser is taken at the first byte of a message and given back at its end, so
 * that a quiet connection holds none.
 */
export class MessageReader {
  /** After HEAD: valid until this or any other reader is fed. After END: the trailers, as fields. */
  head: Head | undefined;
  /** After INVALID: why. */
  failure = '';
  /** After INVALID: all that came of the head. */
  rejected: Buffer = NOTHING;
  /** The first byte of the last `feed` that was not consumed. */
  position = 0;
  readonly #supply: ParserSupply;
  readonly #scratch: Scratch;
  readonly #kind: MessageKind;
  /** What the next message may have; changed only between messages. */
  limits: HeadLimits;
  #memory: ParserMemory | undefined;
  #parser = 0;
  #paused = false;
  #inBody = false;
  /** The pieces of a head that arrived so far, and what was found in them. */
  #partial: PartialHead | undefined;

  constructor(supply: ParserSupply, scratch: Scratch, kind: MessageKind, limits: HeadLimits) {
    this.#supply = supply;
    this.#scratch = scratch;
    this.#kind = kind;
    this.limits = limits;
  }

  /** True from the first byte of a message to its end (a head without chunked body: to its own end). */
  get busy(): boolean {
    return this.#memory !== undefined;
  }

  /** After TOO_LARGE: whether not even the request line was complete. */
  get hasOnlyTarget(): boolean {
    return this.#scratch.head.fields === 0;
  }

  /** Parses `bytes[start, end)` up to the end of a head or message. `sink` gets body pieces; without one there must be no body. */
  feed(bytes: Buffer, start: number, end: number, sink?: BodySink): Progress {
    let at = start;
    while (at < end) {
      const progress = this.#feedPiece(bytes, at, Math.min(end, at + this.#scratch.pieceBytes), sink);
      at = this.position;
      if (progress !== MORE) return progress;
    }
    return MORE;
  }

  /** The head was read and its body is not chunked: the rest is not for the parser. */
  finish(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    memory.giveBack(this.#kind, this.#parser);
    this.#memory = undefined;
    this.#paused = false;
    this.#inBody = false;
    this.#partial = undefined;
  }

  /** The head was read and a chunked body follows. */
  expectChunks(): void {
    this.#inBody = true;
    this.#partial = undefined;
  }

  #feedPiece(bytes: Buffer, start: number, end: number, sink: BodySink | undefined): Progress {
    const memory = this.#begin();
    const scratch = this.#scratch;
    scratch.begin(this.limits.headerCount, this.#partial, memory, bytes, start, sink);
    if (this.#paused) {
      this.#paused = false;
      memory.resume(this.#parser);
    }
    const outcome = memory.execute(this.#parser, scratch, bytes, start, end);
    this.position = memory.position;
    if (outcome === FAILED) return this.#fail(memory, bytes.subarray(start, end));
    if (outcome === NEEDS_MORE)
      return this.#inBody && !scratch.sawField ? MORE : this.#keep(bytes, start, end);
    this.#paused = true;
    if (scratch.ended) return this.#end(bytes, start);
    return this.#complete(memory, bytes, start);
  }

  #begin(): ParserMemory {
    if (this.#memory !== undefined) return this.#memory;
    const { memory, parser } = this.#supply.memoryFor(this.#kind);
    this.#memory = memory;
    this.#parser = parser;
    return memory;
  }

  #complete(memory: ParserMemory, bytes: Buffer, start: number): Progress {
    const scratch = this.#scratch;
    const head = scratch.head;
    const headBytes = (this.#partial?.bytes.length ?? 0) + this.position - start;
    if (headBytes > this.limits.headerSize) return TOO_LARGE;
    scratch.place(this.#partial, bytes, start, this.position);
    if (scratch.folded) {
      this.failure = 'a field line is folded';
      return INVALID;
    }
    head.major = memory.major(this.#parser);
    head.minor = memory.minor(this.#parser);
    if (this.#kind === 1) head.method = memory.method(this.#parser);
    else head.status = memory.status(this.#parser);
    head.start = this.#partial === undefined ? memory.addressOf(bytes, start) : 0;
    head.classify();
    this.head = head;
    return HEAD;
  }

  #end(bytes: Buffer, start: number): Progress {
    if (this.#scratch.fieldBytes > this.limits.headerSize) return TOO_LARGE;
    this.#scratch.place(this.#partial, bytes, start, this.position);
    this.head = this.#scratch.head;
    this.finish();
    return END;
  }

  #keep(bytes: Buffer, start: number, end: number): Progress {
    this.#partial = this.#scratch.keep(this.#partial, bytes, start, end, this.#inBody);
    return this.#partial.bytes.length > this.limits.headerSize ? TOO_LARGE : MORE;
  }

  #fail(memory: ParserMemory, bytes: Buffer): Progress {
    if (this.#scratch.tooManyFields) return TOO_LARGE;
    if (!this.#inBody) this.rejected = Buffer.concat([this.#partial?.bytes ?? NOTHING, bytes]);
    this.failure = memory.failure(this.#parser);
    return INVALID;
  }
}
