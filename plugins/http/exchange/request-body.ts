import { performance } from 'node:perf_hooks';

import type { ClientStream } from '../message/client-stream.ts';
import type { RequestHead } from '../message/message-head.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';
import type { BodyLimits } from '../message/message-limits.ts';
import { TransferRate, type LeastRate } from '../message/transfer-rate.ts';
import type { BodyBuffering } from '../instance/body-buffering.ts';
import { HeldBytes } from './held-bytes.ts';

/** Who is shown a body. */
interface BodyReader {
  data(bytes: Buffer, start: number, end: number): boolean;
  end(): boolean;
}

/** A request's body as it arrives: kept until there is a backend, then sent to it. */
export class RequestBody {
  /** Whether the head did not tell the length: only the end of the body does. */
  readonly isChunked: boolean;
  /** True until the last byte arrived. */
  isOpen = true;
  /** Body bytes so far, without framing. */
  bytes = 0;
  /** The first bytes, which arrived before there was a backend; kept for a second try while they are all of it. */
  #held: HeldBytes | undefined = undefined;
  #trailers: readonly FieldLine[] = NO_TRAILERS;
  /** Something arrived since the last `flush`. */
  #hasMoved = false;
  /** Set where the body is read before a backend is taken. */
  #buffering: BodyBuffering | undefined = undefined;
  /** More may be kept before a backend is taken. */
  #isGathered = false;
  /** Bytes are gone that no second try could send again. */
  #isForwarded = false;
  /** The backend has not taken what was sent. */
  #isBlocked = false;
  /** What arrives is kept although it could be forwarded, so that the client is not expected to send on. */
  #isHeldBack = false;
  /** The client sends nothing before it is told to go on (RFC 9110 10.1.1). */
  #waitsForContinue: boolean;
  readonly #limit: number;
  /** A complete body up to this size is kept after it was sent, so that it can be sent again. */
  readonly #replayBytes: number;
  readonly #leastRate: LeastRate | undefined;
  readonly #begunAtMs: number;
  #rate: TransferRate | undefined = undefined;
  /** What arrived since the rate was looked at, with framing. */
  #arrived = 0;

  /** `head` announces a body. */
  constructor(
    head: RequestHead,
    { sizeBytes, leastRate }: BodyLimits,
    replayBytes: number,
    begunAtMs: number,
  ) {
    this.isChunked = head.bodyLength < 0;
    this.#limit = sizeBytes === 0 ? Number.POSITIVE_INFINITY : sizeBytes;
    this.#replayBytes = replayBytes;
    this.#leastRate = leastRate;
    this.#begunAtMs = begunAtMs;
    this.#waitsForContinue = head.expectsContinue;
  }

  /** True while the client has to send on. */
  get isAwaited(): boolean {
    if (!this.isOpen || this.#isBlocked || this.#isHeldBack || this.#waitsForContinue) return false;
    return this.#held === undefined || this.#isGathered;
  }

  /** True while the body is read before a backend is taken. */
  get isGathered(): boolean {
    return this.#isGathered;
  }

  get waitsForContinue(): boolean {
    return this.#waitsForContinue;
  }

  get isTooLarge(): boolean {
    return this.bytes > this.#limit;
  }

  /** True while another backend could get all of it. */
  get isRepeatable(): boolean {
    return !this.isOpen && !this.#isForwarded;
  }

  /** Whether the client has to wait for something that is not its fault, and may send slowly meanwhile. */
  holdBack(isHeldBack: boolean): void {
    this.#isHeldBack = isHeldBack;
  }

  /** Shows what was kept so far. False when it must not be forwarded. */
  showTo(reader: BodyReader): boolean {
    const held = this.#held?.bytes;
    if (held !== undefined && !reader.data(held, 0, held.length)) return false;
    return this.isOpen || reader.end();
  }

  /** From now on what arrives is kept, as far as `buffering` allows. */
  gather(buffering: BodyBuffering): void {
    this.#buffering = buffering;
    this.#isGathered = true;
  }

  /** The client was told to go on. */
  proceeds(): void {
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

  /** A piece arrived in borrowed memory: it is sent, or kept while there is no backend. */
  add(bytes: Buffer, start: number, end: number, backend: ClientStream | undefined): void {
    this.bytes += end - start;
    this.#hasMoved = true;
    if (this.isTooLarge) return;
    if (backend === undefined) {
      this.#held ??= new HeldBytes(this.#buffering?.sizeBytes ?? Number.POSITIVE_INFINITY);
      this.#held.add(bytes, start, end);
      return;
    }
    this.#isForwarded = true;
    if (!backend.body(bytes, start, end)) this.#isBlocked = true;
  }

  /** The last byte arrived. */
  complete(trailers: readonly FieldLine[], backend: ClientStream | undefined): void {
    this.isOpen = false;
    // Of a body of known length the last byte was the end.
    this.#hasMoved ||= this.isChunked;
    this.#trailers = trailers;
    if (backend === undefined) return;
    this.#isForwarded = true;
    backend.finish(trailers);
  }

  /** So many bytes arrived at once, with framing, of which everything was added. False when nothing of them was the body. */
  arrived(bytes: number): boolean {
    this.#waitsForContinue = false;
    this.#arrived += bytes;
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  /** Sends what was added. False when the client must wait. */
  flushTo(backend: ClientStream): boolean {
    if (!backend.flush()) this.#isBlocked = true;
    return !this.#isBlocked;
  }

  /** Whether the client may send on although there is no backend, because more is gathered before one is taken. */
  gathersOn(): boolean {
    const capacityBytes = this.#held?.capacity ?? 0;
    this.#isGathered &&= this.isOpen && this.#buffering?.takes(capacityBytes) === true;
    return this.#isGathered;
  }

  /** The bytes that were kept are not needed any more. */
  release(): void {
    this.#buffering?.end();
    this.#held = undefined;
  }

  /** Sends what is held behind the request's head. True when a client that waited for this may send on. */
  sendHeldTo(backend: ClientStream): boolean {
    const held = this.#held?.bytes;
    let isFlowing = true;
    if (held !== undefined) {
      isFlowing = backend.body(held, 0, held.length);
      // A small body that is complete stays held, as it may have to be sent once more.
      if (held.length > this.#replayBytes || this.isOpen) {
        this.#isForwarded = true;
        this.#held = undefined;
      }
    }
    if (!this.isOpen) backend.finish(this.#trailers);
    isFlowing = backend.flush() && isFlowing;
    if (isFlowing && this.#held === undefined) this.#buffering?.end();
    this.#isBlocked = !isFlowing;
    return isFlowing && (held !== undefined || !this.isOpen);
  }

  /** The backend took all that waited for it. False when nothing did. */
  unblock(): boolean {
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = false;
    if (wasBlocked && this.#held === undefined) this.#buffering?.end();
    return wasBlocked;
  }
}
