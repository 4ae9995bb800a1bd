import type { QueueRoom } from '../../sharing/queue-share.ts';
import { WaiterList, type Linked } from './waiter-list.ts';

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

interface ListedPlace<T> extends QueuePlace<T>, Linked<ListedPlace<T>> {
  /** Waiters that came later have higher numbers. */
  readonly order: number;
}

/** How long a waiter may wait, in ms, by what it waits for. */
export type WaitLimits = Readonly<Record<WaitReason, number>>;

/** Waiters for a backend with room: first come, first served, for a limited time and in limited number. */
export class WaitQueue<T> {
  readonly maxSize: number;
  readonly #limitsMs: WaitLimits;
  readonly #gaveUp: (place: QueuePlace<T>, waitedMs: number) => void;
  readonly #room: QueueRoom | undefined;
  /** By reason: of the waiters with the same one, the first one's time is over first. */
  readonly #lists: Readonly<Record<WaitReason, WaiterList<ListedPlace<T>>>> = {
    limit: new WaiterList(),
    pool: new WaiterList(),
  };
  readonly #places = new Map<T, ListedPlace<T>>();
  #order = 0;
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
    return this.#places.size;
  }

  /** Whether there is no room for one more. */
  get isFull(): boolean {
    return (this.#room?.taken ?? this.#places.size) >= this.maxSize;
  }

  /** Whether more wait than there is room for, after an edit of the size. */
  get isOverfull(): boolean {
    return (this.#room?.taken ?? this.#places.size) > this.maxSize;
  }

  /** How many wait for that reason. */
  waitingFor(reason: WaitReason): number {
    return this.#lists[reason].length;
  }

  /** False when the queue is full. */
  join(waiter: T, reason: WaitReason): boolean {
    if (this.#room === undefined ? this.isFull : !this.#room.take(this.maxSize)) return false;
    this.#add({ waiter, reason, sinceMs: performance.now() });
    this.#room?.changed();
    return true;
  }

  first(): T | undefined {
    return this.#first?.waiter;
  }

  /** When the first waiter came, by `performance.now()`. */
  get firstSinceMs(): number | undefined {
    return this.#first?.sinceMs;
  }

  /** Takes a waiter out. Returns how long it has waited, in ms; undefined when it is not in the queue. */
  leave(waiter: T): number | undefined {
    const place = this.#places.get(waiter);
    if (place === undefined) return undefined;
    this.#delete(place);
    if (this.#places.size === 0) this.#stop();
    this.#room?.release();
    this.#room?.changed();
    return performance.now() - place.sinceMs;
  }

  /** Takes all waiters out, in their order. They keep their places in the room, if there is one: another queue there {@link adopt}s them. */
  empty(): QueuePlace<T>[] {
    const places = this.#takeAll();
    this.#room?.changed();
    return places;
  }

  /**
   * Puts in waiters that {@link empty} took out of another queue, or of this one, in their order. No waiter may have joined since. The time
   * that they have waited counts. There may be more of them than the queue has room for: {@link trim} takes the last ones out.
   */
  adopt(places: readonly QueuePlace<T>[]): void {
    for (const place of places) this.#add(place);
    this.#room?.changed();
  }

  /** Takes out the waiters that came last and have no room, and those that wait in vain. */
  trim(isVain: (waiter: T) => boolean): QueuePlace<T>[] {
    const taken: QueuePlace<T>[] = [];
    const kept: QueuePlace<T>[] = [];
    for (const place of this.#takeAll()) {
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
    for (const place of kept) this.#add(place);
    this.#room?.changed();
    return taken;
  }

  /** The place of the waiter that came first. */
  get #first(): ListedPlace<T> | undefined {
    const limit = this.#lists.limit.first;
    const pool = this.#lists.pool.first;
    if (limit === undefined || pool === undefined) return limit ?? pool;
    return limit.order < pool.order ? limit : pool;
  }

  /** Adds a waiter behind all others. */
  #add({ waiter, reason, sinceMs }: QueuePlace<T>): void {
    const place = { waiter, reason, sinceMs, order: this.#order++, before: undefined, after: undefined };
    this.#places.set(waiter, place);
    this.#lists[reason].push(place);
    this.#wakeBy(this.#endMs(place));
  }

  #delete(place: ListedPlace<T>): void {
    this.#places.delete(place.waiter);
    this.#lists[place.reason].delete(place);
  }

  /** Takes all out, in their order. */
  #takeAll(): QueuePlace<T>[] {
    this.#stop();
    const all = [...this.#places.values()];
    for (const place of all) this.#delete(place);
    return all;
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
        const place = this.#lists[reason].first;
        if (place === undefined) break;
        if (this.#endMs(place) > now) {
          this.#wakeBy(this.#endMs(place));
          break;
        }
        this.#delete(place);
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
