import { ChunkDecoder, type BodySink } from './chunk-decoder.ts';
import { NO_TRAILERS, type FieldLine } from '../../message/trailers.ts';
import type { Head } from './head.ts';
import {
  FAILED,
  NEEDS_MORE,
  REQUEST,
  type MessageKind,
  type ParserMemory,
  type ParserSupply,
} from '../llhttp/llhttp.ts';
import type { Mended } from '../mending/mending.ts';
import { foldedFault, headFault, oversizeFault, parserFault } from './parser-fault.ts';
import type { HeadLimits } from '../../message/message-limits.ts';
import { NO_FAULT, type MessageFault } from '../../message/refusal/refusal.ts';
import { END, HEAD, INVALID, MORE, TOO_LARGE, type Progress } from './progress.ts';
import { mendRequestLine } from '../mending/request-line.ts';
import { mendResponseHead } from '../mending/response-mending.ts';
import type { PartialHead, HeadRecorder } from './head-recorder.ts';

export { END, HEAD, INVALID, MORE, TOO_LARGE, type Progress };

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
/** The first bytes of the preface of HTTP/2. */
const PREFACE = 'PRI ';

const ODD_CHUNKS: MessageFault = {
  rule: 'chunk',
  reason: 'a chunk or a trailer breaks the grammar',
  field: '',
  excerpt: '',
};
const ODD_STATUS_LINE: MessageFault = {
  rule: 'status_line',
  reason: 'the status line holds a control byte',
  field: '',
  excerpt: '',
};

/**
 * Reads heads, and chunked bodies with their trailers, from a stream of bytes. The caller reads bodies of known length itself. The reader
 * takes a parser at the first byte of a head and gives it back at the end of the head, so that a quiet connection holds none.
 *
 * The parser is strict and fast. What the parser refuses is read a second time: a request line with a method or version that the parser
 * does not know, and a response head that has one safe reading, are written in a form that the parser accepts.
 */
export class MessageReader {
  /** After HEAD: valid until this or any other reader is fed. */
  head: Head | undefined;
  /** After END: the trailers of the body. */
  trailers: readonly FieldLine[] = NO_TRAILERS;
  /** Set when the message breaks the grammar but is accepted. Nothing that follows on the connection can be trusted. */
  oddity: MessageFault | undefined;
  /** After INVALID and TOO_LARGE: what is wrong, and at which place. */
  fault: MessageFault = NO_FAULT;
  /** The first byte of the last `feed` that was not consumed. */
  position = 0;
  /** After INVALID: all bytes of the head that came. After TOO_LARGE: at least its beginning. */
  #rejected: Buffer = NOTHING;
  readonly #supply: ParserSupply;
  readonly #recorder: HeadRecorder;
  readonly #kind: MessageKind;
  /** How large the next head may be. Changed only between messages. */
  limits: HeadLimits;
  #memory: ParserMemory | undefined;
  #parser = 0;
  /** The pieces of a head that arrived so far, and what was found in them. */
  #partial: PartialHead | undefined;
  /** The bytes that the parser refused, while it is not known yet whether they can be mended. */
  #refused: Buffer | undefined;
  #mended: Mended | undefined;
  /** The mended bytes in their original form. */
  #original: Buffer = NOTHING;
  #chunks: ChunkDecoder | undefined;

  constructor(supply: ParserSupply, recorder: HeadRecorder, kind: MessageKind, limits: HeadLimits) {
    this.#supply = supply;
    this.#recorder = recorder;
    this.#kind = kind;
    this.limits = limits;
  }

  /** True from the first byte of a head to its end, or to the end of the chunked body that follows it. */
  get busy(): boolean {
    return this.#memory !== undefined || this.#chunks !== undefined;
  }

  /** After TOO_LARGE: whether the request line alone is larger than the head may be. */
  get hasLongTarget(): boolean {
    const { fields, urlStart, urlEnd } = this.#recorder.head;
    return fields === 0 || urlEnd - urlStart > this.limits.headerSize;
  }

  /** The bytes of a head that is not complete or was refused; of a head that is too large, no more than a head may have. */
  get arrived(): Buffer {
    return this.#rejected.length > 0 ? this.#rejected : (this.#refused ?? this.#asArrived(NOTHING));
  }

  /** Parses `bytes[start, end)` up to the end of a head or message. `sink` gets body pieces; without one there must be no body. */
  feed(bytes: Buffer, start: number, end: number, sink?: BodySink): Progress {
    if (this.#chunks !== undefined && sink !== undefined)
      return this.#decode(this.#chunks, bytes, start, end, sink);
    let at = start;
    while (at < end) {
      const progress = this.#feedPiece(bytes, at, Math.min(end, at + this.#recorder.pieceBytes));
      at = this.position;
      if (progress !== MORE) return progress;
    }
    return MORE;
  }

  /** Ends the message for this reader, because it is complete or because others read the rest. Frees the parser. */
  finish(): void {
    this.#releaseParser();
    this.#rejected = NOTHING;
    this.#refused = undefined;
    this.#mended = undefined;
    this.#original = NOTHING;
    this.#chunks = undefined;
  }

  /** After HEAD: the next bytes are a chunked body. */
  expectChunks(): void {
    this.finish();
    this.#chunks = new ChunkDecoder(this.#kind !== REQUEST, this.limits);
  }

  #decode(chunks: ChunkDecoder, bytes: Buffer, start: number, end: number, sink: BodySink): Progress {
    const progress = chunks.feed(bytes, start, end, sink);
    this.position = chunks.position;
    if (chunks.irregular) this.oddity ??= ODD_CHUNKS;
    this.fault = chunks.fault;
    if (progress === END) {
      this.trailers = chunks.trailers;
      this.finish();
    }
    return progress;
  }

  #feedPiece(bytes: Buffer, start: number, end: number): Progress {
    if (this.#refused !== undefined)
      return this.#mend(Buffer.concat([this.#refused, bytes.subarray(start, end)]), end);
    const memory = this.#begin();
    const recorder = this.#recorder;
    recorder.begin(this.limits.headerCount, this.#partial, memory, bytes, start);
    const outcome = memory.execute(this.#parser, recorder, bytes, start, end);
    this.position = memory.position;
    if (outcome === FAILED) return this.#fail(memory, bytes, start, end);
    if (outcome === NEEDS_MORE) return this.#keep(bytes, start, end);
    return this.#complete(memory, bytes, start, end);
  }

  #begin(): ParserMemory {
    if (this.#memory !== undefined) return this.#memory;
    const { memory, parser } = this.#supply.memoryFor(this.#kind);
    this.#memory = memory;
    this.#parser = parser;
    if (this.#mended === undefined) this.oddity = undefined;
    return memory;
  }

  #releaseParser(): void {
    this.#memory?.release(this.#kind, this.#parser);
    this.#memory = undefined;
    this.#partial = undefined;
  }

  #complete(memory: ParserMemory, bytes: Buffer, start: number, end: number): Progress {
    const recorder = this.#recorder;
    const head = recorder.head;
    const headBytes = (this.#partial?.bytes.length ?? 0) + this.position - start;
    recorder.place(this.#partial, bytes, start, this.position);
    if (headBytes + this.#surplus > this.limits.headerSize)
      return this.#oversize(this.#asArrived(bytes.subarray(start, end)));
    if (recorder.folded) {
      this.fault = foldedFault(head);
      return INVALID;
    }
    head.start = this.#partial === undefined ? memory.addressOf(bytes, start) : 0;
    if (this.#kind === REQUEST) {
      head.method = this.#mended?.method ?? memory.method(this.#parser);
      head.isRewritten = this.#mended !== undefined;
      head.status = 0;
    } else {
      head.status = memory.status(this.#parser);
      if (this.#mended === undefined && !head.hasPlainStatusLine(head.start + headBytes)) {
        this.fault = ODD_STATUS_LINE;
        return this.#mend(this.#asArrived(bytes.subarray(start, end)), end);
      }
    }
    head.major = memory.major(this.#parser);
    head.minor = memory.minor(this.#parser);
    head.classify();
    this.head = head;
    return HEAD;
  }

  #keep(bytes: Buffer, start: number, end: number): Progress {
    const partial = this.#recorder.keep(this.#partial, bytes, start, end);
    this.#partial = partial;
    if (partial.bytes.length + this.#surplus <= this.limits.headerSize) return MORE;
    this.#recorder.head.bytes = partial.bytes;
    this.#recorder.head.offsets.set(partial.offsets);
    return this.#oversize(this.#asArrived(NOTHING));
  }

  #oversize(begun: Buffer): Progress {
    this.#rejected = begun.subarray(0, this.limits.headerSize);
    this.fault = oversizeFault('head_size', 'the head is too large', this.#recorder.head);
    return TOO_LARGE;
  }

  #fail(memory: ParserMemory, bytes: Buffer, start: number, end: number): Progress {
    const before = (this.#partial?.bytes.length ?? 0) + this.#surplus;
    const arrived = this.#asArrived(bytes.subarray(start, end));
    // For the start of a message, the parser may name a place outside of the bytes that it got last.
    const at = Math.min(Math.max(0, before + this.position - start), arrived.length);
    this.#rejected = arrived;
    if (this.#recorder.tooManyFields) {
      this.fault = { rule: 'field_count', reason: 'the head has too many fields', field: '', excerpt: '' };
      return TOO_LARGE;
    }
    this.fault = parserFault(memory.failure(this.#parser), arrived, at);
    if (this.#mended !== undefined) return INVALID;
    // Only the first line of a request can be mended. The parser also fails after the first line of the preface of HTTP/2.
    const lineEnd = this.#kind === REQUEST ? arrived.indexOf(LF) : -1;
    const isBehind =
      lineEnd >= 0 && at > lineEnd && arrived.toString('latin1', 0, PREFACE.length) !== PREFACE;
    return isBehind ? INVALID : this.#mend(arrived, end);
  }

  /** Gives the parser in another form what it refused. `end`: the index, in the bytes of this `feed`, at which `arrived` ends. */
  #mend(arrived: Buffer, end: number): Progress {
    const mending =
      this.#kind === REQUEST
        ? mendRequestLine(arrived, this.limits.encodesTarget)
        : mendResponseHead(arrived);
    this.position = end;
    this.#rejected = arrived;
    if (mending === undefined) {
      this.#rejected = NOTHING;
      this.#refused = arrived;
      this.#recorder.head.fields = 0;
      return arrived.length > this.limits.headerSize ? this.#oversize(arrived) : MORE;
    }
    if (mending === 'not ours') return INVALID;
    if ('rule' in mending) {
      this.fault = headFault(mending.rule, mending.reason, arrived, mending.at);
      return INVALID;
    }
    this.#rejected = NOTHING;
    this.#refused = undefined;
    this.#releaseParser();
    this.#mended = mending;
    this.#original = arrived.subarray(0, mending.length);
    if (this.#kind !== REQUEST) this.oddity = this.fault;
    this.fault = NO_FAULT;
    const text = Buffer.from(mending.text, 'latin1');
    const progress = this.feed(text, 0, text.length);
    // The bytes after the mended ones were not fed yet.
    if (progress === INVALID) this.#rejected = arrived;
    this.position = end - (arrived.length - mending.length);
    return progress;
  }

  /** All bytes of the message as they arrived: those that were kept, and `more`. */
  #asArrived(more: Buffer): Buffer {
    const all = Buffer.concat([this.#partial?.bytes ?? NOTHING, more]);
    if (this.#mended === undefined) return all;
    return Buffer.concat([this.#original, all.subarray(this.#mended.text.length)]);
  }

  /** How many more bytes arrived than the parser got; negative when the mended form is the longer one. */
  get #surplus(): number {
    return this.#mended === undefined ? 0 : this.#mended.length - this.#mended.text.length;
  }
}
