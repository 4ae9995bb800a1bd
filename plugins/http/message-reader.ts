import { Head, NUMBERS_A_FIELD } from './head.ts';
import {
  FAILED,
  NEEDS_MORE,
  type MessageKind,
  type ParserEvents,
  type ParserMemory,
  type ParserSupply,
} from './llhttp.ts';

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

/** Gets the decoded pieces of a chunked body; they lie in borrowed memory. */
export interface BodySink {
  bodyPiece(bytes: Buffer, start: number, end: number): void;
}

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
  #partial: Partial | undefined;

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

/** A head that is not complete yet. */
interface Partial {
  readonly bytes: Buffer;
  readonly offsets: Int32Array;
  readonly fields: number;
  readonly urlStart: number;
  readonly urlEnd: number;
  readonly reasonStart: number;
  readonly reasonEnd: number;
  readonly folded: boolean;
}

/**
 * Where the parser's events are noted, shared by all readers: only one parses at a time. While a head is read, offsets
 * are counted from its first byte, wherever its pieces lie.
 */
export class Scratch implements ParserEvents {
  readonly head = new Head();
  /** Bytes given to the parser at a time: what fits its arena. */
  readonly pieceBytes: number;
  ended = false;
  folded = false;
  sawField = false;
  tooManyFields = false;
  #memory: ParserMemory | undefined;
  #sink: BodySink | undefined;
  #mostFields = 0;
  /** What to subtract from an address to get an offset in the head's bytes. */
  #origin = 0;
  #hasValue = false;

  constructor(pieceBytes: number) {
    this.pieceBytes = pieceBytes;
  }

  begin(
    mostFields: number,
    partial: Partial | undefined,
    memory: ParserMemory,
    bytes: Buffer,
    start: number,
    sink: BodySink | undefined,
  ): void {
    const head = this.head;
    this.#memory = memory;
    this.#sink = sink;
    this.#mostFields = mostFields;
    this.ended = false;
    this.tooManyFields = false;
    this.sawField = partial !== undefined;
    if (head.offsets.length < mostFields * NUMBERS_A_FIELD)
      head.offsets = new Int32Array(mostFields * NUMBERS_A_FIELD);
    if (partial === undefined) {
      head.fields = 0;
      head.urlStart = head.urlEnd = 0;
      head.reasonStart = head.reasonEnd = 0;
      this.folded = false;
      this.#hasValue = true;
      this.#origin = 0;
      return;
    }
    head.offsets.set(partial.offsets);
    head.fields = partial.fields;
    head.urlStart = partial.urlStart;
    head.urlEnd = partial.urlEnd;
    head.reasonStart = partial.reasonStart;
    head.reasonEnd = partial.reasonEnd;
    this.folded = partial.folded;
    this.#hasValue = this.#lastHasValue();
    this.#origin = memory.addressOf(bytes, start) - partial.bytes.length;
  }

  /** Bytes from the first field to the end of the last one. */
  get fieldBytes(): number {
    const { fields, offsets } = this.head;
    return fields === 0 ? 0 : (offsets[fields * NUMBERS_A_FIELD - 1] as number) - (offsets[0] as number);
  }

  /** A head is complete: its offsets get the bytes that they count in. */
  place(partial: Partial | undefined, bytes: Buffer, start: number, end: number): void {
    this.head.bytes =
      partial === undefined
        ? (this.#memory as ParserMemory).bytes
        : Buffer.concat([partial.bytes, bytes.subarray(start, end)]);
  }

  keep(partial: Partial | undefined, bytes: Buffer, start: number, end: number, trailers: boolean): Partial {
    const head = this.head;
    const memory = this.#memory as ParserMemory;
    const at = memory.addressOf(bytes, start);
    // The first piece was noted in addresses of the parser's memory. Trailers begin somewhere in a piece of body.
    const first = trailers ? (head.offsets[0] as number) : at;
    const shift = partial === undefined ? first : 0;
    const piece = bytes.subarray(partial === undefined ? start + first - at : start, end);
    const offsets = head.offsets.slice(0, head.fields * NUMBERS_A_FIELD);
    const move = (offset: number): number => (offset === 0 ? 0 : offset - shift);
    if (shift > 0) for (let i = 0; i < offsets.length; i++) offsets[i] = move(offsets[i] as number);
    return {
      bytes: partial === undefined ? Buffer.from(piece) : Buffer.concat([partial.bytes, piece]),
      offsets,
      fields: head.fields,
      urlStart: move(head.urlStart),
      urlEnd: move(head.urlEnd),
      reasonStart: move(head.reasonStart),
      reasonEnd: move(head.reasonEnd),
      folded: this.folded,
    };
  }

  url(at: number, length: number): void {
    const head = this.head;
    const start = at - this.#origin;
    if (head.urlEnd === 0) head.urlStart = start;
    head.urlEnd = start + length;
  }

  reason(at: number, length: number): void {
    const head = this.head;
    const start = at - this.#origin;
    if (head.reasonEnd === 0) head.reasonStart = start;
    head.reasonEnd = start + length;
  }

  fieldName(at: number, length: number): boolean {
    const head = this.head;
    const start = at - this.#origin;
    this.sawField = true;
    if (!this.#hasValue) {
      // The name goes on in another piece.
      const last = (head.fields - 1) * NUMBERS_A_FIELD;
      head.offsets[last + 1] = start + length;
      head.offsets[last + 2] = head.offsets[last + 3] = 0;
      return true;
    }
    if (head.fields >= this.#mostFields) {
      this.tooManyFields = true;
      return false;
    }
    const next = head.fields * NUMBERS_A_FIELD;
    head.offsets[next] = start;
    head.offsets[next + 1] = start + length;
    head.offsets[next + 2] = head.offsets[next + 3] = 0;
    head.fields += 1;
    this.#hasValue = false;
    return true;
  }

  fieldValue(address: number, length: number): void {
    const head = this.head;
    const start = address - this.#origin;
    const last = (head.fields - 1) * NUMBERS_A_FIELD;
    if (!this.#hasValue) {
      // The parser reports an empty value behind its line break, which is no part of the line.
      const at = length === 0 ? (head.offsets[last + 1] as number) + 1 : start;
      head.offsets[last + 2] = at;
      head.offsets[last + 3] = at + length;
      this.#hasValue = true;
      return;
    }
    // Another piece of the same value follows it at once; a folded line does not.
    if (head.offsets[last + 3] !== start) this.folded = true;
    head.offsets[last + 3] = start + length;
  }

  headComplete(): void {
    // The outcome of `execute` says so.
  }

  body(at: number, length: number): void {
    const memory = this.#memory as ParserMemory;
    this.#sink?.bodyPiece(memory.bytes, at, at + length);
  }

  messageComplete(): void {
    this.ended = true;
  }

  #lastHasValue(): boolean {
    const head = this.head;
    return head.fields === 0 || head.offsets[(head.fields - 1) * NUMBERS_A_FIELD + 2] !== 0;
  }
}
