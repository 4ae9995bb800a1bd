import { AcceptDemand } from './accept-demand.ts';
import { pauseAccepts } from '../../node/descriptors/accept-pause.ts';
import type { DescriptorSource } from '../../node/descriptors/descriptor-source.ts';
import { descriptorOf, type ListeningHandle } from '../../node/node-internals.ts';
import type { ProcessResources } from '../../resources/process-resources.ts';

/** How often the length of a turn is measured while connections come. */
const LOOK_EVERY_MS = 5;
/** How often a turn is measured while there are further descriptors, even when no connection comes. */
const REVIEW_EVERY_MS = 1_000;
/** After the system had no descriptor for a client: for so long no further descriptor is opened. */
const SHORTAGE_REST_MS = 10_000;
/** One listening socket takes at most this share of all descriptors that the process may have. */
const PART_OF_ALL = 1 / 32;

export interface AcceptBurstsOptions {
  /** The handle of the first descriptor. Connections of further descriptors are passed to its `onconnection`. */
  readonly listening: ListeningHandle;
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** Where further descriptors come from. */
  readonly copies: DescriptorSource;
  /** Limits on descriptors. Default: none. */
  readonly resources?: Pick<ProcessResources, 'openFilesLimit' | 'hasRoomForClient'> | undefined;
  /** How many threads accept from the socket: all of them together take no more descriptors than one would. Default: 1. */
  readonly threads?: number;
  /** In ms. Default: `performance.now`. */
  readonly nowMs?: () => number;
}

/**
 * Accepts several connections in one turn of a busy event loop. Node.js (libuv since 1.45) accepts one connection a turn from each
 * descriptor of a listening socket. With one descriptor, the hundredth of a hundred new clients waits for a hundred turns, and a turn
 * with a thousand busy connections takes more than ten milliseconds.
 *
 * Further descriptors of the socket are opened while turns are long, or while every turn brings new connections. They are closed
 * when turns are short again. While there is only one descriptor and no connection comes, nothing is measured and no timer runs.
 */
export class AcceptBursts {
  readonly #options: AcceptBurstsOptions;
  readonly #nowMs: () => number;
  readonly #demand = new AcceptDemand();
  readonly #copies: ListeningHandle[] = [];
  /** Number of copies that were asked for and have not come yet. */
  #asked = 0;
  #wanted = 0;
  #accepts = 0;
  #isLooking = false;
  #nextLookMs = 0;
  #turnBeganMs = 0;
  #restUntilMs = 0;
  /** Runs while there are further descriptors. */
  #review: NodeJS.Timeout | undefined;
  #isPaused = false;
  #closed = false;
  #whenFreed: (() => void) | undefined;

  constructor(options: AcceptBurstsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** How many descriptors connections are accepted from now. */
  get descriptors(): number {
    return 1 + this.#copies.length;
  }

  /** To be called for each accepted connection. Measures a turn of the event loop from time to time. */
  noteAccept(): void {
    this.#accepts += 1;
    if (!this.#isLooking && this.#nowMs() >= this.#nextLookMs) this.#look();
  }

  /** The system had no descriptor for a client: closes the further descriptors, and opens no others for a while. */
  yieldDescriptors(): void {
    this.#restUntilMs = this.#nowMs() + SHORTAGE_REST_MS;
    this.#want(0);
  }

  /** Accepts nothing from the further descriptors until {@link resume}. They stay open. */
  pause(): void {
    this.#isPaused = true;
    for (const copy of this.#copies) pauseAccepts(copy);
  }

  resume(): void {
    this.#isPaused = false;
    for (const copy of this.#copies) copy.listen(this.#options.backlog);
  }

  /**
   * Closes the further descriptors; the owner closes the first one. Copies that have not come yet keep the address bound: then this
   * returns a promise that resolves when they have come and are closed.
   */
  close(): Promise<void> | undefined {
    this.#closed = true;
    this.#want(0);
    if (this.#asked === 0) return undefined;
    return new Promise((resolve) => {
      this.#whenFreed = resolve;
    });
  }

  #look(): void {
    this.#isLooking = true;
    // The rest of this turn says little. Measure the whole next turn.
    setImmediate(this.#beginTurn);
  }

  readonly #beginTurn = (): void => {
    this.#turnBeganMs = this.#nowMs();
    this.#accepts = 0;
    setImmediate(this.#endTurn);
  };

  readonly #endTurn = (): void => {
    const nowMs = this.#nowMs();
    this.#isLooking = false;
    this.#nextLookMs = nowMs + LOOK_EVERY_MS;
    const further = this.#copies.length;
    const wanted = this.#demand.seen(nowMs, nowMs - this.#turnBeganMs, this.#accepts, further);
    if (!this.#closed && nowMs >= this.#restUntilMs) this.#want(wanted);
  };

  #want(asked: number): void {
    const { resources, threads = 1 } = this.#options;
    const all = resources?.openFilesLimit ?? Number.POSITIVE_INFINITY;
    const count = Math.min(asked, Math.floor((all * PART_OF_ALL) / threads));
    this.#wanted = count;
    for (const copy of this.#copies.splice(count)) copy.close();
    if (this.#copies.length === 0) this.#endReview();
    while (this.#copies.length + this.#asked < count && this.#options.copies.isOpen) this.#ask();
  }

  #ask(): void {
    const { copies, listening } = this.#options;
    this.#asked += 1;
    copies.copy(listening, (copy) => {
      this.#asked -= 1;
      if (copy !== undefined) this.#add(copy as ListeningHandle);
      if (this.#asked === 0) this.#whenFreed?.();
    });
  }

  #add(copy: ListeningHandle): void {
    const { listening, backlog, resources } = this.#options;
    if (this.#copies.length >= this.#wanted) {
      copy.close();
      return;
    }
    // The last descriptors are reserved for other work, such as the admin server.
    if (resources?.hasRoomForClient(descriptorOf(copy)) === false) {
      copy.close();
      this.yieldDescriptors();
      return;
    }
    copy.onconnection = (error, handle) => {
      listening.onconnection(error, handle);
    };
    copy.unref();
    if (copy.listen(backlog) !== 0) {
      copy.close();
      return;
    }
    if (this.#isPaused) pauseAccepts(copy);
    this.#copies.push(copy);
    this.#review ??= setInterval(() => {
      if (!this.#isLooking) this.#look();
    }, REVIEW_EVERY_MS).unref();
  }

  #endReview(): void {
    clearInterval(this.#review);
    this.#review = undefined;
  }
}
