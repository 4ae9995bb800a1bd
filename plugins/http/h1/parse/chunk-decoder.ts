import { NO_TRAILERS, type FieldLine } from '../../message/trailers.ts';
import { FieldLines } from '../mending/field-lines.ts';
import { NO_FAULT, type MessageFault } from '../../message/refusal/refusal.ts';
import { chunkFault, trailerFault } from './parser-fault.ts';
import { END, INVALID, MORE, TOO_LARGE, type Progress } from './progress.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';

/** Gets the decoded pieces of a chunked body. Their memory is borrowed: valid only during the call. */
export interface BodySink {
  bodyPiece(bytes: Buffer, start: number, end: number): void;
}

/** Limits on a trailer section. */
export interface TrailerLimits {
  readonly headerSize: number;
  readonly headerCount: number;
}

/** The states of the decoder: which part of a chunked body the next byte belongs to. */
const SIZE_START = 0;
const SIZE = 1;
/** After white space, which only an extension may follow. */
const SIZE_BLANKS = 2;
const NAME_START = 3;
const NAME = 4;
const NAME_BLANKS = 5;
const VALUE_START = 6;
const VALUE = 7;
const QUOTED = 8;
const QUOTED_PAIR = 9;
const QUOTED_END = 10;
const VALUE_BLANKS = 11;
/** Within the rest of an extension that breaks the grammar. */
const IGNORED = 12;
const LINE_LF = 13;
const DATA = 14;
const DATA_CR = 15;
const DATA_LF = 16;
const TRAILERS = 17;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** The most bytes of a chunk's first line. Extensions are not used, and a peer must not send them without end. */
const LINE_BYTES = 16 * 1024;
/** The empty line that ends the trailers does not count as one of them. */
const LINE_END_BYTES = 2;

const NO_SIZE = 'a chunk size is no number';
const NO_LINE_END = 'there is no line end behind the data of a chunk';
const BAD_EXTENSION = 'a chunk extension is malformed';
const BAD_LINE_END = 'the first line of a chunk ends in white space or in an unfinished extension';

/** The value of each hexadecimal digit, and -1. */
const HEX_VALUES = Int8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
});
/** Which bytes a token consists of (RFC 9110 5.6.2). */
const IS_TOKEN = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
/** Fields that frame a message must not come after it, in trailers (RFC 9110 6.5.1). */
const FRAMING = /^(?:content-length|transfer-encoding)$/i;

/**
 * Reads one chunked body with its trailers (RFC 9112 7.1), whatever pieces it comes in.
 *
 * A strict decoder, for requests, accepts what the grammar allows, white space around `;` and `=` included. A lenient decoder, for
 * responses, also accepts what some senders write and all receivers read in the same way: white space at the end of a chunk's first
 * line, extensions that break the grammar, and LF alone as a line end.
 */
export class ChunkDecoder {
  /** True once the decoder accepted something that the grammar does not allow: no further message on the connection is trusted. */
  irregular = false;
  /** After INVALID and TOO_LARGE: what is wrong, and at which place. */
  fault: MessageFault = NO_FAULT;
  /** The first byte of the last `feed` that was not consumed. */
  position = 0;
  readonly #lenient: boolean;
  readonly #limits: TrailerLimits;
  #state = SIZE_START;
  /** What is left of the chunk's data. */
  #left = 0;
  #lineBytes = 0;
  #fields: FieldLines | undefined;
  /** The beginning of a trailer's line. */
  #line = '';
  #trailerBytes = 0;
  /** Why a byte of the framing was refused. */
  #reason = '';

  constructor(lenient: boolean, limits: TrailerLimits) {
    this.#lenient = lenient;
    this.#limits = limits;
  }

  /** After END: the trailers. */
  get trailers(): readonly FieldLine[] {
    return this.#fields?.lines ?? NO_TRAILERS;
  }

  /** Decodes `bytes[start, end)`; `sink` gets the data of chunks. */
  feed(bytes: Buffer, start: number, end: number, sink: BodySink): Progress {
    let at = start;
    while (at < end) {
      if (this.#state === DATA) at = this.#data(bytes, at, end, sink);
      else if (this.#state === TRAILERS) {
        const progress = this.#trailer(bytes, at, end);
        if (progress !== MORE) return progress;
        at = this.position;
      } else if (this.#framing(bytes[at] as number)) at += 1;
      else {
        this.position = at;
        this.fault = chunkFault(this.#reason, bytes, at);
        return INVALID;
      }
    }
    this.position = end;
    return MORE;
  }

  #data(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const stop = Math.min(end, start + this.#left);
    sink.bodyPiece(bytes, start, stop);
    this.#left -= stop - start;
    if (this.#left === 0) this.#state = DATA_CR;
    return stop;
  }

  /** Reads one byte of a chunk's first line, or of the line end after its data. False when the byte is not allowed there. */
  #framing(byte: number): boolean {
    switch (this.#state) {
      case DATA_CR:
        if (byte === CR) return this.#to(DATA_LF);
        return byte === LF && this.#tolerates() ? this.#to(SIZE_START) : this.#refuse(NO_LINE_END);
      case DATA_LF:
        return byte === LF ? this.#to(SIZE_START) : this.#refuse(NO_LINE_END);
      case LINE_LF:
        return byte === LF ? this.#lineEnd() : this.#refuse('the first line of a chunk holds a bare CR');
      default:
        this.#lineBytes += 1;
        if (this.#lineBytes > LINE_BYTES) return this.#refuse('the first line of a chunk is too long');
        return this.#state <= SIZE_BLANKS ? this.#size(byte) : this.#extension(byte);
    }
  }

  #size(byte: number): boolean {
    const digit = HEX_VALUES[byte] as number;
    if (digit >= 0 && this.#state !== SIZE_BLANKS) {
      this.#left = this.#left * 16 + digit;
      return Number.isSafeInteger(this.#left) ? this.#to(SIZE) : this.#refuse('a chunk size is too large');
    }
    if (this.#state === SIZE_START) return this.#refuse(NO_SIZE);
    if (byte === SEMICOLON) return this.#to(NAME_START);
    if (byte === BLANK || byte === TAB) return this.#to(SIZE_BLANKS);
    return byte === CR || byte === LF ? this.#endLine(byte, this.#state === SIZE) : this.#refuse(NO_SIZE);
  }

  #extension(byte: number): boolean {
    const isToken = IS_TOKEN[byte] === 1;
    const isBlank = byte === BLANK || byte === TAB;
    switch (this.#state) {
      case NAME_START:
        return isToken ? this.#to(NAME) : isBlank || this.#oddity(byte, false);
      case NAME:
        return isToken || this.#behindName(byte, isBlank, true);
      case NAME_BLANKS:
        return this.#behindName(byte, isBlank, false);
      case VALUE_START:
        if (byte === QUOTE) return this.#to(QUOTED);
        return isToken ? this.#to(VALUE) : isBlank || this.#oddity(byte, false);
      case VALUE:
        return isToken || this.#behindValue(byte, isBlank, true);
      case QUOTED_END:
        return this.#behindValue(byte, isBlank, true);
      case VALUE_BLANKS:
        return this.#behindValue(byte, isBlank, false);
      case QUOTED:
        if (byte === QUOTE) return this.#to(QUOTED_END);
        if (byte === BACKSLASH) return this.#to(QUOTED_PAIR);
        return isText(byte) || this.#refuse(BAD_EXTENSION);
      case QUOTED_PAIR:
        return isText(byte) ? this.#to(QUOTED) : this.#refuse(BAD_EXTENSION);
      default:
        return this.#oddity(byte, false);
    }
  }

  #behindName(byte: number, isBlank: boolean, mayEnd: boolean): boolean {
    if (byte === EQUALS) return this.#to(VALUE_START);
    if (byte === SEMICOLON) return this.#to(NAME_START);
    return isBlank ? this.#to(NAME_BLANKS) : this.#oddity(byte, mayEnd);
  }

  #behindValue(byte: number, isBlank: boolean, mayEnd: boolean): boolean {
    if (byte === SEMICOLON) return this.#to(NAME_START);
    return isBlank ? this.#to(VALUE_BLANKS) : this.#oddity(byte, mayEnd);
  }

  /** Reads a byte that does not continue the extension. It ends the line, or a lenient decoder skips it. */
  #oddity(byte: number, mayEnd: boolean): boolean {
    if (byte === CR || byte === LF) return this.#endLine(byte, mayEnd);
    return isText(byte) && this.#tolerates() ? this.#to(IGNORED) : this.#refuse(BAD_EXTENSION);
  }

  /** `mayEnd`: whether the grammar lets a line end here. */
  #endLine(byte: number, mayEnd: boolean): boolean {
    if (!mayEnd && !this.#tolerates()) return this.#refuse(BAD_LINE_END);
    if (byte === CR) return this.#to(LINE_LF);
    return this.#tolerates() ? this.#lineEnd() : this.#refuse('the first line of a chunk ends in a bare LF');
  }

  #lineEnd(): true {
    this.#lineBytes = 0;
    return this.#to(this.#left === 0 ? TRAILERS : DATA);
  }

  /** Reads up to the end of one line of the trailers. */
  #trailer(bytes: Buffer, start: number, end: number): Progress {
    let at = start;
    while (at < end && bytes[at] !== LF) at += 1;
    this.position = Math.min(at + 1, end);
    this.#trailerBytes += this.position - start;
    if (this.#trailerBytes - LINE_END_BYTES > this.#limits.headerSize)
      return this.#tooLarge('head_size', 'the trailers are too large');
    this.#line += bytes.latin1Slice(start, at);
    if (at === end) return MORE;
    const hasCr = this.#line.endsWith('\r');
    const line = hasCr ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    if (!hasCr && !this.#tolerates()) return this.#invalid('a trailer ends in a bare LF', line, line.length);
    return line === '' ? END : this.#addTrailer(line);
  }

  #addTrailer(line: string): Progress {
    const fields = (this.#fields ??= new FieldLines(this.#lenient));
    if (!fields.add(line)) return this.#invalid(fields.fault?.reason ?? '', line, fields.fault?.at ?? 0);
    this.irregular ||= fields.irregular;
    if (fields.lines.length > this.#limits.headerCount)
      return this.#tooLarge('field_count', 'there are too many trailers');
    const isFraming = FRAMING.test(fields.lines.at(-1)?.name ?? '');
    if (!isFraming || this.#tolerates()) return MORE;
    return this.#invalid('a trailer names a length or a coding', line, line.indexOf(':'));
  }

  #to(state: number): true {
    this.#state = state;
    return true;
  }

  /** Whether the decoder accepts what the grammar does not allow. If it does, it notes that in {@link irregular}. */
  #tolerates(): boolean {
    this.irregular ||= this.#lenient;
    return this.#lenient;
  }

  #refuse(why: string): false {
    this.#reason = why;
    return false;
  }

  #invalid(why: string, line: string, at: number): Progress {
    this.fault = trailerFault(why, line, at);
    return INVALID;
  }

  #tooLarge(rule: RefusalRule, reason: string): Progress {
    this.fault = { rule, reason, field: '', excerpt: '' };
    return TOO_LARGE;
  }
}

/** What a quoted string may hold (RFC 9110 5.6.4), the quote and the backslash aside. */
function isText(byte: number): boolean {
  return (byte >= BLANK && byte !== DELETE) || byte === TAB;
}
