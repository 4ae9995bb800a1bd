import { NUMBERS_A_FIELD } from '../../message/field-section.ts';
import { Head } from './head.ts';
import type { ParserEvents, ParserMemory } from '../llhttp/llhttp.ts';

/** A head that is not complete yet, and what was found in it. */
export interface PartialHead {
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
 * Notes the parser's events for a head. All readers share one recorder, because only one of them parses at a time. While a head is read,
 * offsets are counted from its first byte, wherever its pieces lie in memory.
 */
export class HeadRecorder implements ParserEvents {
  readonly head = new Head();
  /** The most bytes that the parser gets at a time: the size of its arena. */
  readonly pieceBytes: number;
  folded = false;
  tooManyFields = false;
  #memory: ParserMemory | undefined;
  #mostFields = 0;
  /** What to subtract from an address to get an offset in the head's bytes. */
  #origin = 0;
  #hasValue = false;

  constructor(pieceBytes: number) {
    this.pieceBytes = pieceBytes;
  }

  begin(
    mostFields: number,
    partial: PartialHead | undefined,
    memory: ParserMemory,
    bytes: Buffer,
    start: number,
  ): void {
    const head = this.head;
    this.#memory = memory;
    this.#mostFields = mostFields;
    this.tooManyFields = false;
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

  /** Ends a complete head: sets the bytes to which its offsets refer. */
  place(partial: PartialHead | undefined, bytes: Buffer, start: number, end: number): void {
    this.head.bytes =
      partial === undefined
        ? (this.#memory as ParserMemory).bytes
        : Buffer.concat([partial.bytes, bytes.subarray(start, end)]);
  }

  /** Keeps what was found so far for the next piece. */
  keep(partial: PartialHead | undefined, bytes: Buffer, start: number, end: number): PartialHead {
    const head = this.head;
    const memory = this.#memory as ParserMemory;
    // The offsets of the first piece are addresses in the parser's memory.
    const shift = partial === undefined ? memory.addressOf(bytes, start) : 0;
    const piece = bytes.subarray(start, end);
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
    if (!this.#hasValue) {
      // The name continues in another piece.
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
      // The parser reports an empty value after its line break, which is not part of the line.
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

  #lastHasValue(): boolean {
    const head = this.head;
    return head.fields === 0 || head.offsets[(head.fields - 1) * NUMBERS_A_FIELD + 2] !== 0;
  }
}
