import type { QueueRoom } from '../sharing/queue-share.ts';

/** What a lease waits for: a backend below its limit (`max_connections`), or a place in a full pool (`max_size`). */
export type WaitReason = 'limit' | 'pool';

const REASONS: readonly WaitReason[] = ['limit', 'pool'];

/** A waiter, what it waits for, and since when. */
export interface QueuePlace<T> {
  readonly waiter: T;
  readonly reason: WaitReason;
  /** By `performance.now()`. */
  readonly sinceMs: number;
}

/** How long a waiter may wait, in ms, by what it waits for. */
export type WaitLimits = Readonly<Record<WaitReason, number>>;

/** Waiters for a backend with room: first come, first served, for a limited time and in limited number. */
export class WaitQueue<T> {
  readonly maxSize: number;
  readonly #limitsMs: WaitLimits;
  readonly #gaveUp: (place: QueuePlace<T>, waitedMs: number) => void;
  readonly #room: QueueRoom | undefined;
  /** In the order in which they came. So of the waiters with the same reason, the first one's time is over first. */
  readonly #places: QueuePlace<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = 0;

  /**
   * @param gaveUp called for each waiter whose time is over, after it has left the queue
   * @param room default: no other worker has waiters
   */
  constructor(
    maxSize: number,
    limitsMs: WaitLimits,
    gaveUp: (place: QueuePlace<T>, waitedMs: number) => void,
    room?: QueueRoom,
  ) {
    this.#room = room;
    this.maxSize = maxSize;
    this.#limitsMs = limitsMs;
    this.#gaveUp = gaveUp;
  }

  get length(): number {
    return this.#places.length;
  }

  /** Whether there is no room for one more. */
  get isFull(): boolean {
    return (this.#room?.taken ?? this.#places.length) >= this.maxSize;
  }

  /** Whether more wait than there is room for, after an edit of the size. */
  get isOverfull(): boolean {
    return (this.#room?.taken ?? this.#places.length) > this.maxSize;
  }

  /** How many wait for that reason. */
  waitingFor(reason: WaitReason): number {
    return this.#places.reduce((count, place) => count + Number(place.reason === reason), 0);
  }

  /** False when the queue is full. */
  join(waiter: T, reason: WaitReason): boolean {
    if (this.#room === undefined ? this.isFull : !this.#room.take(this.maxSize)) return false;
    const place = { waiter, reason, sinceMs: performance.now() };
    this.#places.push(place);
    this.#wakeBy(this.#endMs(place));
    this.#room?.changed();
    return true;
  }

  first(): T | undefined {
    return this.#places[0]?.waiter;
  }

  /** When the first waiter came, by `performance.now()`. */
  get firstSinceMs(): number | undefined {
    return this.#places[0]?.sinceMs;
  }

  /** Takes a waiter out. Returns how long it has waited, in ms; undefined when it is not in the queue. */
  leave(waiter: T): number | undefined {
    const at = this.#places.findIndex((place) => place.waiter === waiter);
    const place = at < 0 ? undefined : this.#places.splice(at, 1)[0];
    if (this.#places.length === 0) this.#stop();
    if (place === undefined) return undefined;
    this.#room?.release();
    this.#room?.changed();
    return performance.now() - place.sinceMs;
  }

  /** Takes all waiters out, in their order. They keep their places in the room, if there is one: another queue there {@link adopt}s them. */
  empty(): QueuePlace<T>[] {
    this.#stop();
    const places = this.#places.splice(0);
    this.#room?.changed();
    return places;
  }

  /**
   * Puts in waiters that {@link empty} took out of another queue, or of this one, in their order. No waiter may have joined since. The time
   * that they have waited counts. There may be more of them than the queue has room for: {@link trim} takes the last ones out.
   */
  adopt(places: readonly QueuePlace<T>[]): void {
    for (const place of places) {
      this.#places.push(place);
      this.#wakeBy(this.#endMs(place));
    }
    this.#room?.changed();
  }

  /** Takes out the waiters that came last and have no room, and those that wait in vain. */
  trim(isVain: (waiter: T) => boolean): QueuePlace<T>[] {
    const taken: QueuePlace<T>[] = [];
    const kept: QueuePlace<T>[] = [];
    for (const place of this.#places.splice(0)) {
      const stays = kept.length < this.maxSize && !isVain(place.waiter);
      (stays ? kept : taken).push(place);
      if (!stays) this.#room?.release();
    }
    while ((this.#room?.taken ?? 0) > this.maxSize) {
      const last = kept.pop();
      if (last === undefined) break;
      taken.push(last);
      this.#room?.release();
    }
    this.#places.push(...kept);
    if (kept.length === 0) this.#stop();
    this.#room?.changed();
    return taken;
  }

  /** When the time of that waiter is over. */
  #endMs({ reason, sinceMs }: QueuePlace<T>): number {
    return sinceMs + this.#limitsMs[reason];
  }

  #wakeBy(atMs: number): void {
    if (this.#timer !== undefined && this.#wakesAtMs <= atMs) return;
    this.#stop();
    this.#wakesAtMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expire();
    }, delayMs);
  }

  #expire(): void {
    const now = performance.now();
    for (const reason of REASONS) {
      for (;;) {
        const at = this.#places.findIndex((place) => place.reason === reason);
        const place = this.#places[at];
        if (place === undefined) break;
        if (this.#endMs(place) > now) {
          this.#wakeBy(this.#endMs(place));
          break;
        }
        this.#places.splice(at, 1);
        this.#room?.release();
        this.#room?.changed();
        this.#gaveUp(place, now - place.sinceMs);
      }
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
