import { AcceptDemand } from './accept-demand.ts';
import type { DescriptorCopier } from '../node/descriptor-copier.ts';
import { descriptorOf, type ListeningHandle } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';

/** How often the loop is looked at while connections come. */
const LOOK_EVERY_MS = 5;
/** How often it is looked at while there are further descriptors, also when no connection comes. */
const REVIEW_EVERY_MS = 1_000;
/** How long nothing is opened after the system had no descriptor for a client. */
const SHORTAGE_REST_MS = 10_000;
/** The part of all descriptors that one listening socket takes at most. */
const PART_OF_ALL = 1 / 32;

export interface AcceptBurstsOptions {
  /** Accepts by itself; the others call its `onconnection`. */
  readonly listening: ListeningHandle;
  /** How many may wait to be accepted. */
  readonly backlog: number;
  readonly copier: DescriptorCopier;
  /** What this process has of descriptors. Default: enough. */
  readonly resources?: Pick<ProcessResources, 'openFilesLimit' | 'hasRoomForClient'> | undefined;
  /** In ms. Default: `performance.now`. */
  readonly nowMs?: () => number;
}

/**
 * Accepts several connections in one turn of a busy loop. The runtime accepts one a turn from each descriptor of a listening
 * socket (libuv since 1.45), so that newcomers would wait for as many turns as there are of them, and a turn with a thousand
 * busy connections takes more than ten milliseconds.
 *
 * Further descriptors of the socket are opened when accepted connections find turns long, or newcomers in every turn, and
 * closed once turns are short again, whether connections come or not. While there is only one descriptor and no connection
 * comes, nothing is looked at and no timer runs.
 */
export class AcceptBursts {
  readonly #options: AcceptBurstsOptions;
  readonly #nowMs: () => number;
  readonly #demand = new AcceptDemand();
  readonly #copies: ListeningHandle[] = [];
  /** Copies that are on their way. */
  #asked = 0;
  #wanted = 0;
  #accepts = 0;
  #isLooking = false;
  #nextLookMs = 0;
  #turnBeganMs = 0;
  #restUntilMs = 0;
  /** Runs while there are further descriptors. */
  #review: NodeJS.Timeout | undefined;
  #closed = false;
  #whenFreed: (() => void) | undefined;

  constructor(options: AcceptBurstsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Descriptors that are accepted from now. */
  get descriptors(): number {
    return 1 + this.#copies.length;
  }

  /** Told of each connection that was accepted. */
  noteAccept(): void {
    this.#accepts += 1;
    if (!this.#isLooking && this.#nowMs() >= this.#nextLookMs) this.#look();
  }

  /** The system had no descriptor for a client: gives those back that the first one can do without. */
  yieldDescriptors(): void {
    this.#restUntilMs = this.#nowMs() + SHORTAGE_REST_MS;
    this.#want(0);
  }

  /**
   * Closes the further descriptors. The first one is its owner's to close. Copies that are still on their way keep the address
   * bound: then this gives a promise that resolves when they have come and are closed too.
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
    // What is left of this turn says little: the next one is looked at as a whole.
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
    const all = this.#options.resources?.openFilesLimit ?? Number.POSITIVE_INFINITY;
    const count = Math.min(asked, Math.floor(all * PART_OF_ALL));
    this.#wanted = count;
    for (const copy of this.#copies.splice(count)) copy.close();
    if (this.#copies.length === 0) this.#endReview();
    while (this.#copies.length + this.#asked < count && this.#options.copier.isOpen) this.#ask();
  }

  #ask(): void {
    const { copier, listening } = this.#options;
    this.#asked += 1;
    copier.copy(listening, (copy) => {
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
    // What is kept back for other work is not for this.
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
