import type { Head } from './head.ts';
import { FAILED, NEEDS_MORE, type MessageKind, type ParserMemory, type ParserSupply } from './llhttp.ts';
import { bodyFault, foldedFault, headFault, oversizeFault, type ParserFault } from './parser-fault.ts';
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

/** So much of a head that is too large is kept, to tell what it began with. */
const BEGINNING_BYTES = 64;
const NOTHING = Buffer.alloc(0);
const NO_FAULT: ParserFault = { rule: 'syntax', reason: '', field: '', excerpt: '' };

/**
 * Reads heads, and chunked bodies with their trailers, from a stream of bytes; bodies of known length are counted by
 * whoever forwards them. A parser is taken at the first byte of a message and given back at its end, so
 * that a quiet connection holds none.
 */
export class MessageReader {
  /** After HEAD: valid until this or any other reader is fed. After END: the trailers, as fields. */
  head: Head | undefined;
  /** After INVALID and TOO_LARGE: what is wrong, and where. */
  fault: ParserFault = NO_FAULT;
  /** After INVALID: all that came of the head. After TOO_LARGE: its beginning at least. */
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

  /** Whether what came of a head that is not complete, or was refused, begins with that text. */
  beginsWith(text: string): boolean {
    const bytes = this.rejected.length > 0 ? this.rejected : (this.#partial?.bytes ?? NOTHING);
    return bytes.toString('latin1', 0, text.length) === text;
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
    if (outcome === FAILED) return this.#fail(memory, bytes.subarray(start, end), this.position - start);
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
    scratch.place(this.#partial, bytes, start, this.position);
    if (headBytes > this.limits.headerSize)
      return this.#oversize(this.#partial?.bytes ?? bytes.subarray(start));
    if (scratch.folded) {
      this.fault = foldedFault(head);
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
    this.#scratch.place(this.#partial, bytes, start, this.position);
    if (this.#scratch.fieldBytes > this.limits.headerSize) return this.#oversize(NOTHING);
    this.head = this.#scratch.head;
    this.finish();
    return END;
  }

  #keep(bytes: Buffer, start: number, end: number): Progress {
    this.#partial = this.#scratch.keep(this.#partial, bytes, start, end, this.#inBody);
    if (this.#partial.bytes.length <= this.limits.headerSize) return MORE;
    this.#scratch.head.bytes = this.#partial.bytes;
    this.#scratch.head.offsets.set(this.#partial.offsets);
    return this.#oversize(this.#partial.bytes);
  }

  #oversize(begun: Buffer): Progress {
    this.rejected = Buffer.from(begun.subarray(0, BEGINNING_BYTES));
    this.fault = oversizeFault('head_size', 'the head is too large', this.#scratch.head);
    return TOO_LARGE;
  }

  #fail(memory: ParserMemory, bytes: Buffer, at: number): Progress {
    const all = this.#partial === undefined ? bytes : Buffer.concat([this.#partial.bytes, bytes]);
    if (!this.#inBody) this.rejected = all === bytes ? Buffer.from(bytes) : all;
    if (this.#scratch.tooManyFields) {
      this.fault = { rule: 'field_count', reason: 'the head has too many fields', field: '', excerpt: '' };
      return TOO_LARGE;
    }
    const reason = memory.failure(this.#parser);
    // For the start of a message the parser may name a place outside of what it was given last.
    const place = Math.min(Math.max(0, all.length - bytes.length + at), all.length);
    this.fault = this.#inBody ? bodyFault(reason, all, place) : headFault(reason, all, place);
    return INVALID;
  }
}
