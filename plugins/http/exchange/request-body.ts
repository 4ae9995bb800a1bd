import { performance } from 'node:perf_hooks';

import type { ByteStream } from '../../../src/plugin-api/index.ts';
import { ChunkedText, lastChunk } from '../h1/write/chunked-text.ts';
import type { Head } from '../h1/parse/head.ts';
import { HeldBytes } from './held-bytes.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { END, MORE, type MessageReader } from '../h1/parse/message-reader.ts';
import type { BodyBuffering } from './body-buffering.ts';
import { TransferRate, type LeastRate } from '../message/transfer-rate.ts';

/** What is wrong with a body; undefined while nothing is. */
export type BodyFault = 'malformed' | 'too large' | undefined;

/** Up to this size a body that came with its head goes out in one write with it. */
const JOINED_BYTES = 16 * 1024;

/** A request's body as it arrives: tells where it ends, and sends it to the backend, framed as it came. */
export class RequestBody {
  readonly isChunked: boolean;
  /** True until the last byte arrived. */
  isOpen = true;
  /** Body bytes so far, without framing. */
  bytes = 0;
  fault: BodyFault;
  /** What `take` found, as it goes to the backend: `#piece[#start, #end)`. */
  #piece: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** The first bytes, which arrived before there was a backend; kept for a second try while they are all of it. */
  #held: HeldBytes | undefined;
  /** Set where the body is read before a backend is taken. */
  #buffering: BodyBuffering | undefined;
  /** More may be kept before a backend is taken. */
  #isGathered = false;
  /** Bytes are gone that no second try could send again. */
  #isForwarded = false;
  /** The backend has not taken what was sent. */
  #isBlocked = false;
  /** The client sends nothing before it is told to go on (RFC 9110 10.1.1). */
  #waitsForContinue: boolean;
  #left: number;
  readonly #limit: number;
  readonly #chunks: ChunkedText | undefined;
  readonly #leastRate: LeastRate | undefined;
  readonly #begunAtMs: number;
  #rate: TransferRate | undefined;
  /** What arrived since the rate was looked at, with framing. */
  #arrived = 0;

  private constructor(head: Head, { options, sendingRate }: HttpInstance, begunAtMs: number) {
    const limit = options.limits.body_size;
    this.isChunked = head.chunked;
    this.#left = head.chunked ? 0 : head.contentLength;
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    this.#chunks = head.chunked ? new ChunkedText() : undefined;
    this.#leastRate = sendingRate;
    this.#begunAtMs = begunAtMs;
    this.#waitsForContinue = expectsContinue(head);
  }

  /** The body that a head announces; undefined when there is none. */
  static of(head: Head, instance: HttpInstance, begunAtMs: number): RequestBody | undefined {
    return head.chunked || head.contentLength > 0 ? new RequestBody(head, instance, begunAtMs) : undefined;
  }

  /** True while the client has to send on. */
  get isAwaited(): boolean {
    if (!this.isOpen || this.#isBlocked || this.#waitsForContinue) return false;
    return this.#held === undefined || this.#isGathered;
  }

  get waitsForContinue(): boolean {
    return this.#waitsForContinue;
  }

  /** From now on what arrives is kept, as far as `buffering` allows. */
  gather(buffering: BodyBuffering): void {
    this.#buffering = buffering;
    this.#isGathered = true;
  }

  /** The client was told to go on. */
  goesOn(): void {
    this.#waitsForContinue = false;
  }

  /** Whether the client sends too slowly. To be asked whenever something moved or begins to wait: the time since the last call counts
   * against the client if the body was awaited. */
  isTooSlow(): boolean {
    if (this.#leastRate === undefined || !this.isOpen) return false;
    const { isAwaited } = this;
    // Fast path: most bodies come with their head, and then neither a clock nor an object is needed.
    if (this.#rate === undefined && this.#arrived === 0 && isAwaited) return false;
    this.#rate ??= new TransferRate(this.#leastRate, this.#waitsForContinue ? -1 : this.#begunAtMs);
    const arrived = this.#arrived;
    this.#arrived = 0;
    return !this.#rate.moved(arrived, performance.now(), isAwaited);
  }

  /** True while another backend could get all of it. */
  get isRepeatable(): boolean {
    return !this.isOpen && !this.#isForwarded;
  }

  /** Takes the part of `bytes[start, end)` that belongs to the body; returns where it ends. */
  take(bytes: Buffer, start: number, end: number, reader: MessageReader): number {
    const stop =
      this.#chunks === undefined
        ? this.#takePlain(bytes, start, end)
        : this.#takeChunks(this.#chunks, bytes, start, end, reader);
    this.#waitsForContinue = false;
    this.#arrived += stop - start;
    return stop;
  }

  /** Whether the last `take` found something to send. */
  get hasPiece(): boolean {
    return this.#start < this.#end;
  }

  /** Keeps what was found until there is a backend. True when the client may send on, as more is gathered before one is taken. */
  hold(): boolean {
    const buffering = this.#buffering;
    const held = (this.#held ??= new HeldBytes(buffering?.sizeBytes ?? Number.POSITIVE_INFINITY));
    const more = this.#end - this.#start;
    this.#isGathered &&= this.isOpen && buffering?.takes(held.capacityWith(more)) === true;
    held.add(this.#piece, this.#start, this.#end);
    return this.#isGathered;
  }

  /** The bytes that were kept are not needed any more. */
  release(): void {
    this.#buffering?.end();
    this.#held = undefined;
  }

  /** Sends what was found. False when the client must wait. */
  sendTo(backend: ByteStream): boolean {
    this.#isForwarded = true;
    this.#isBlocked = !backend.writeBorrowed(this.#piece, this.#start, this.#end);
    return !this.#isBlocked;
  }

  /** Sends the request's head, and with it what is held. True when a client that waited for this may send on. */
  sendHeldWith(head: string, backend: ByteStream): boolean {
    const held = this.#held?.bytes;
    if (held === undefined) {
      this.#isBlocked = !backend.writeText(head);
      return false;
    }
    const joined = held.length <= JOINED_BYTES;
    let flowing = backend.writeText(joined ? head + held.latin1Slice(0, held.length) : head);
    if (!joined) flowing = backend.write(held) && flowing;
    // A small body that is complete stays held, as it may have to be sent once more.
    if (!joined || this.isOpen) {
      this.#isForwarded = true;
      this.#held = undefined;
      if (flowing) this.#buffering?.end();
    }
    this.#isBlocked = !flowing;
    return flowing;
  }

  /** The backend took all that waited for it. False when nothing did. */
  unblock(): boolean {
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = false;
    if (wasBlocked && this.#held === undefined) this.#buffering?.end();
    return wasBlocked;
  }

  #takePlain(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#left);
    this.#left -= stop - start;
    this.bytes += stop - start;
    this.isOpen = this.#left > 0;
    this.#piece = bytes;
    this.#start = start;
    this.#end = stop;
    return stop;
  }

  #takeChunks(chunks: ChunkedText, bytes: Buffer, start: number, end: number, reader: MessageReader): number {
    const progress = reader.feed(bytes, start, end, chunks);
    this.bytes = chunks.bytes;
    if (this.bytes > this.#limit) this.fault = 'too large';
    else if (progress !== END && progress !== MORE) this.fault = 'malformed';
    if (progress === END) {
      chunks.text += lastChunk(reader.trailers);
      this.isOpen = false;
    }
    const text = chunks.take();
    this.#piece = text === '' ? EMPTY : Buffer.from(text, 'latin1');
    this.#start = 0;
    this.#end = this.#piece.length;
    return progress === END ? reader.position : end;
  }
}

function expectsContinue(head: Head): boolean {
  return head.minor > 0 && head.valueOf('expect')?.toLowerCase() === '100-continue';
}

const EMPTY = Buffer.alloc(0);
