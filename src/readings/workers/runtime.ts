/** How JavaScript runs in one thread. */
export interface RuntimeReading {
  /** Time since the thread began that its event loop was active, in ms. */
  readonly activeMs: number;
  /** Time since the thread began that its event loop waited for something to do, in ms. */
  readonly idleMs: number;
  /** Share of the time since about the last reading, of 10 seconds at least, in which the event loop was active, from 0 to 1. */
  readonly utilization: number;
  /** How late the event loop ran; undefined before it was measured first. */
  readonly delays: LoopDelays | undefined;
  /** Garbage collections since the thread began, by kind. */
  readonly collections: readonly CollectionReading[];
  readonly heap: HeapReading;
}

/** Delays of an event loop since about the last reading, of a minute at least, in seconds. */
export interface LoopDelays {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Garbage collections of one kind. */
export interface CollectionReading {
  readonly kind: string;
  readonly sumS: number;
  /** By duration: how many are in each bucket alone. */
  readonly counts: readonly number[];
}

/** The memory of a thread's JavaScript objects, in bytes. */
export interface HeapReading {
  readonly total: number;
  readonly used: number;
  /** Memory outside of the heap that its objects hold. */
  readonly external: number;
  readonly spaces: readonly HeapSpaceReading[];
}

export interface HeapSpaceReading {
  readonly name: string;
  readonly total: number;
  readonly used: number;
  readonly available: number;
}
