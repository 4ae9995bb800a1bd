import { performance } from 'node:perf_hooks';

import type { ClientStream } from '../message/client-stream.ts';
import type { RequestHead } from '../message/message-head.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';
import type { BodyLimits } from '../message/message-limits.ts';
import { TransferRate, type LeastRate } from '../message/transfer-rate.ts';
import type { BodyBuffering } from '../instance/body-buffering.ts';
import { HeldBytes } from '../instance/held-bytes.ts';

/** Sees a body as it passes by. Each call returns false when the body must not be forwarded. */
interface BodyReader {
  data(bytes: Buffer, start: number, end: number): boolean;
  end(): boolean;
}

/** A copy of a body that is made as it passes by. */
interface BodyCopy {
  add(bytes: Buffer, start: number, end: number): void;
  complete(trailers: readonly FieldLine[]): void;
}

/** The body of a request: keeps what arrives until there is a backend, and sends it to the backend then. */
export class RequestBody {
  /** True when the head did not tell the length: only the end of the body tells it. */
  readonly isChunked: boolean;
  /** The length that the head told; -1 when it told none. */
  readonly declaredBytes: number;
  /** True until the last byte arrived. */
  isOpen = true;
  /** Body bytes so far, without framing. */
  bytes = 0;
  /** The bytes that arrived before there was a backend. As long as they are the whole body, they are kept for a second attempt. */
  #held: HeldBytes | undefined = undefined;
  #trailers: readonly FieldLine[] = NO_TRAILERS;
  /** True when something arrived since the last call of {@link arrived}. */
  #hasMoved = false;
  /** Set when the config says that the body is read before a backend is taken. */
  #buffering: BodyBuffering | undefined = undefined;
  /** Set when what was sent is kept, so that another attempt can send it too. */
  #keeping: BodyBuffering | undefined = undefined;
  /** True while more of the body may be kept before a backend is taken. */
  #isGathered = false;
  /** True once bytes were sent that are not kept, so that a second attempt could not send them. */
  #isForwarded = false;
  /** True while the backend has not taken all that was sent. */
  #isBlocked = false;
  /** True while a filter makes the client wait, so that the client is not expected to send. */
  #isHeldBack = false;
  /** True while the client sends nothing, because it waits for 100 Continue (RFC 9110 10.1.1). */
  #waitsForContinue: boolean;
  #limit: number;
  /** A complete body up to this size is kept after it was sent, so that it can be sent again. */
  readonly #replayBytes: number;
  readonly #leastRate: LeastRate | undefined;
  readonly #begunAtMs: number;
  #rate: TransferRate | undefined = undefined;
  /** The bytes, framing included, that arrived since the rate was last checked. */
  #arrived = 0;

  /** @param head of a request with a body */
  constructor(
    head: RequestHead,
    { sizeBytes, leastRate }: BodyLimits,
    replayBytes: number,
    begunAtMs: number,
  ) {
    this.isChunked = head.bodyLength < 0;
    this.declaredBytes = head.bodyLength;
    this.#limit = limitOf(sizeBytes);
    this.#replayBytes = replayBytes;
    this.#leastRate = leastRate;
    this.#begunAtMs = begunAtMs;
    this.#waitsForContinue = head.expectsContinue;
  }

  /** Replaces the limit for the size of the body. 0: no limit. */
  limitTo(sizeBytes: number): void {
    this.#limit = limitOf(sizeBytes);
  }

  /** True while the exchange waits for the client to send more of the body. */
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

  /** True while all of the body that was sent is kept, so that another attempt could send it. */
  get isRepeatable(): boolean {
    return !this.#isForwarded && (!this.isOpen || this.#keeping !== undefined);
  }

  /** Says whether the proxy makes the client wait. Then the client may send slowly without being at fault. */
  holdBack(isHeldBack: boolean): void {
    this.#isHeldBack = isHeldBack;
  }

  /** Shows `reader` what was kept so far. False when it must not be forwarded. */
  showTo(reader: BodyReader): boolean {
    const held = this.#held?.bytes;
    if (held !== undefined && !reader.data(held, 0, held.length)) return false;
    return this.isOpen || reader.end();
  }

  /** A copy of what was kept so far. */
  copyOfHeld(): Buffer {
    return Buffer.from(this.#held?.bytes ?? []);
  }

  /** Gives `copy` what was kept so far; {@link add} and {@link complete} of the copy get the rest. */
  copyTo(copy: BodyCopy): void {
    const held = this.#held?.bytes;
    if (held !== undefined) copy.add(held, 0, held.length);
    if (!this.isOpen) copy.complete(this.#trailers);
  }

  /** From now on keeps what arrives, as far as `buffering` allows, before a backend is taken. */
  gather(buffering: BodyBuffering): void {
    this.#buffering?.end();
    this.#buffering = buffering;
    this.#isGathered = this.isOpen;
  }

  /** Keeps no more than has arrived, before a backend is taken. */
  stopGathering(): void {
    this.#isGathered = false;
  }

  /** From now on keeps what is sent, as far as `keeping` allows, until {@link stopKeeping}. */
  keep(keeping: BodyBuffering): void {
    this.#keeping = keeping;
  }

  /** No further attempt follows: frees what is kept for one. */
  stopKeeping(): void {
    if (this.#keeping === undefined) return;
    this.#keeping.end();
    this.#keeping = undefined;
    this.#held = undefined;
    this.#isForwarded = true;
  }

  /** The client got 100 Continue. */
  proceeds(): void {
    this.#waitsForContinue = false;
  }

  /**
   * Whether the client sends too slowly. Called whenever something moved or begins to wait: the time since the last call counts against
   * the client if the body was awaited.
   */
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

  /** A piece of the body arrived, in borrowed memory. Sends it to the backend, or keeps it while there is none. */
  add(bytes: Buffer, start: number, end: number, backend: ClientStream | undefined): void {
    this.bytes += end - start;
    this.#hasMoved = true;
    if (this.isTooLarge) return;
    if (backend === undefined) {
      this.#held ??= new HeldBytes(this.#buffering?.sizeBytes ?? Number.POSITIVE_INFINITY);
      this.#held.add(bytes, start, end);
      return;
    }
    if (this.#keepsMore(end - start)) this.#held?.add(bytes, start, end);
    else this.#isForwarded = true;
    if (!backend.body(bytes, start, end)) this.#isBlocked = true;
  }

  /** The last byte arrived. */
  complete(trailers: readonly FieldLine[], backend: ClientStream | undefined): void {
    this.isOpen = false;
    // The end of a body of known length is its last byte, which was noted already.
    this.#hasMoved ||= this.isChunked;
    this.#trailers = trailers;
    if (backend === undefined) return;
    if (this.#keeping === undefined) this.#isForwarded = true;
    backend.finish(trailers);
  }

  /** One read from the client brought `bytes`, framing included, and {@link add} got them all. False when none belonged to the body. */
  arrived(bytes: number): boolean {
    this.#waitsForContinue = false;
    this.#arrived += bytes;
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  /** Sends what was added. False when the client must not send more for now. */
  flushTo(backend: ClientStream): boolean {
    if (!backend.flush()) this.#isBlocked = true;
    return !this.#isBlocked;
  }

  /** Whether the client may send more although there is no backend, because the body is read before one is taken. */
  gathersOn(): boolean {
    const capacityBytes = this.#held?.capacity ?? 0;
    this.#isGathered &&= this.isOpen && this.#buffering?.takes(capacityBytes) === true;
    return this.#isGathered;
  }

  /** The exchange is over: frees the bytes that were kept. */
  release(): void {
    this.#buffering?.end();
    this.#keeping?.end();
    this.#held = undefined;
  }

  /** Sends the bytes that were kept, after the request's head. True when a client that had to wait may send more. */
  sendHeldTo(backend: ClientStream): boolean {
    const held = this.#held?.bytes;
    let isFlowing = true;
    if (held !== undefined) {
      if (this.#staysHeld(held.length)) isFlowing = backend.body(held, 0, held.length);
      else {
        this.#isForwarded = true;
        this.#held = undefined;
        isFlowing = backend.giveBody(held);
      }
    }
    if (!this.isOpen) backend.finish(this.#trailers);
    isFlowing = backend.flush() && isFlowing;
    if (isFlowing && this.#held === undefined) this.#buffering?.end();
    this.#isBlocked = !isFlowing;
    return isFlowing && (held !== undefined || !this.isOpen);
  }

  /** Sends the whole body to a backend beside the one that has it already. Only while {@link isRepeatable}, and once it is complete. */
  sendCopyTo(backend: ClientStream): void {
    const held = this.#held?.bytes;
    if (held !== undefined) backend.body(held, 0, held.length);
    backend.finish(this.#trailers);
  }

  /** Whether the bytes that were kept so far stay in memory, because a second attempt may have to send them again. */
  #staysHeld(sizeBytes: number): boolean {
    if (sizeBytes <= this.#replayBytes && !this.isOpen) return true;
    return this.#keepsMore(0);
  }

  /** Whether so many further bytes may be kept beside being sent. Once they may not, nothing is kept any more. */
  #keepsMore(moreBytes: number): boolean {
    if (this.#keeping === undefined) return false;
    this.#held ??= new HeldBytes(this.#keeping.sizeBytes);
    if (!this.#isForwarded && this.#keeping.takes(this.#held.capacityWith(moreBytes))) return true;
    this.stopKeeping();
    return false;
  }

  /** The backend took all that was written. False when it did not have to wait. */
  unblock(): boolean {
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = false;
    if (wasBlocked && this.#held === undefined) this.#buffering?.end();
    return wasBlocked;
  }
}

function limitOf(sizeBytes: number): number {
  return sizeBytes === 0 ? Number.POSITIVE_INFINITY : sizeBytes;
}
