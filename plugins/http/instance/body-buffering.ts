import type { ProtocolHost } from '../../../src/plugin-api/index.ts';
import type { HttpRequestBuffering } from '../config/schema/options.generated.ts';

/** What of a listener's host the buffering of bodies needs. */
type BufferingHost = Pick<ProtocolHost, 'workers' | 'logger'>;

/** The memory of all request bodies that are kept for one reason, on all listeners together. */
export class BufferedBodies {
  bytes = 0;
  readonly #fullMessage: string;
  /** True once the log says that the memory is full. The line comes again only after half of the memory was free. */
  #isToldFull = false;

  /** @param fullMessage for the log, when the memory is full */
  constructor(fullMessage: string) {
    this.#fullMessage = fullMessage;
  }

  /** Takes `bytes` of the memory, of which this worker has its part. False when not enough is left. */
  take(bytes: number, limits: HttpRequestBuffering, { workers, logger }: BufferingHost): boolean {
    const total = Math.ceil(limits.total / workers);
    if (this.bytes + bytes > total) {
      if (!this.#isToldFull) logger.warn(this.#fullMessage, { total });
      this.#isToldFull = true;
      return false;
    }
    this.bytes += bytes;
    if (this.bytes < total / 2) this.#isToldFull = false;
    return true;
  }

  release(bytes: number): void {
    this.bytes -= bytes;
  }
}

/** One body that is kept: its limit, and the memory that it has taken. */
export class BodyBuffering {
  readonly #limits: HttpRequestBuffering;
  readonly #all: BufferedBodies;
  readonly #host: BufferingHost;
  #taken = 0;

  constructor(limits: HttpRequestBuffering, all: BufferedBodies, host: BufferingHost) {
    this.#limits = limits;
    this.#all = all;
    this.#host = host;
  }

  /** The memory that one body may take. */
  get sizeBytes(): number {
    return this.#limits.size;
  }

  /** Takes memory for the body until it has `capacityBytes` in all. False when it may not have so much. */
  takes(capacityBytes: number): boolean {
    const more = capacityBytes - this.#taken;
    if (more <= 0) return true;
    if (capacityBytes > this.#limits.size || !this.#all.take(more, this.#limits, this.#host)) return false;
    this.#taken = capacityBytes;
    return true;
  }

  /** Gives the memory back: the body was sent, or is not needed any more. */
  end(): void {
    this.#all.release(this.#taken);
    this.#taken = 0;
  }
}
