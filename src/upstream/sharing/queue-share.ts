import { msBetween, SharedClock } from '../../shared/shared-clock.ts';
import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';

/** Leases that came within this time of each other may be served in any order. */
const ORDER_MS = 5;
/** How often a worker with waiting leases looks for a place that it was not woken for. */
const LOOK_INTERVAL_MS = 2;
/** So often in a row it finds room and the same lease of another worker first, before that worker counts as absent. */
const LOOKS = 4;
/** So long the first lease of an absent worker holds up no other one. */
const ABSENT_MS = 100;

/** The queue of one group in this worker. An edit may leave several groups whose leases wait. */
export interface SharedQueue {
  readonly length: number;
  /** When its first lease came, by `performance.now()`; undefined when that one can't be served by every backend. */
  readonly firstSinceMs: number | undefined;
  /** Whether a backend has room for a lease. */
  hasRoom(): boolean;
  /** Serves the leases whose turn it is. */
  serve(): void;
  /** Asks other workers to end a lease that rests. */
  askForRoom(): void;
}

/** The places of a queue where several workers share them. */
export interface QueueRoom {
  /** Places that are taken in all workers. */
  readonly taken: number;
  /** Takes a place. False when `limit` places are taken already. */
  take(limit: number): boolean;
  release(): void;
  /** Is told after each change of the queue: who waits first may be another one. */
  changed(): void;
}

/** What a queue knows of those in other workers. */
export interface QueueSide extends QueueRoom {
  /** Whether a lease that comes now must wait, as others came before it. Serves those of this worker if there is room for them. */
  mustWait(): boolean;
  /** Whether it is the turn of a lease that came at that time: no other worker has one that came before. */
  mayServe(sinceMs: number | undefined): boolean;
  /** A lease has joined the queue, as no backend had room for it. */
  joined(): void;
  /** A backend may have room. */
  freed(): void;
}

/** The first lease of another worker, by the time at which it came. */
interface FirstLease {
  readonly worker: number;
  readonly since: number;
}

/**
 * What the queues of one upstream share over all workers: their places, and who has waited for longest. Who frees a place of a backend
 * leaves it to the worker whose lease came first, and wakes that worker. A wake may be late or get lost; so a worker with waiting leases
 * also looks by itself; when the worker with the first lease leaves a place unused, as its event loop is blocked, others use it.
 */
export class QueueShare {
  readonly #slot: OpenSlot;
  readonly #slots: WorkerSlots;
  readonly #places: PlaceLimit;
  readonly #clock = new SharedClock();
  /** Queues of this worker in which leases wait. */
  readonly #queues = new Set<SharedQueue>();
  readonly #stopWakes: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** A lease that did not take a free place, and how often in a row it was found so. */
  #unserved: (FirstLease & { readonly looks: number }) | undefined;
  #absent: (FirstLease & { readonly untilMs: number }) | undefined;

  constructor(slot: OpenSlot, slots: WorkerSlots) {
    this.#slot = slot;
    this.#slots = slots;
    this.#places = slot.places();
    this.#stopWakes = slots.wakes.on(slot.slot, () => {
      for (const queue of this.#queues) this.#freed(queue);
    });
  }

  /** The side of one group's queue. */
  sideOf(queue: SharedQueue): QueueSide {
    const places = this.#places;
    const mayServe = (sinceMs = performance.now()): boolean => this.#mayServe(sinceMs);
    return {
      get taken() {
        return places.taken;
      },
      mustWait: () => {
        if (places.taken === 0) return false;
        // A wake for these may be on its way.
        if (queue.firstSinceMs !== undefined) queue.serve();
        return queue.firstSinceMs !== undefined || !mayServe();
      },
      mayServe,
      joined: () => {
        if (!queue.hasRoom()) queue.askForRoom();
      },
      freed: () => {
        this.#freed(queue);
      },
      take: (limit) => places.take(limit),
      release: () => {
        places.release();
      },
      changed: () => {
        this.#changed(queue);
      },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopWakes();
  }

  #mayServe(sinceMs: number): boolean {
    const first = this.#firstElsewhere();
    return first === undefined || msBetween(first.since, this.#clock.at(sinceMs)) <= ORDER_MS;
  }

  #freed(queue: SharedQueue): void {
    if (this.#places.taken === 0) return;
    queue.serve();
    const first = this.#firstElsewhere();
    if (first !== undefined && queue.hasRoom()) this.#slots.wakes.wake(first.worker, this.#slot.slot);
  }

  #changed(queue: SharedQueue): void {
    if (queue.length > 0) this.#queues.add(queue);
    else this.#queues.delete(queue);
    let first = Number.POSITIVE_INFINITY;
    for (const { firstSinceMs } of this.#queues) first = Math.min(first, firstSinceMs ?? first);
    // 0 says that no lease waits.
    this.#slot.note = first === Number.POSITIVE_INFINITY ? 0 : this.#clock.at(first) || 1;
    if (this.#queues.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else
      this.#timer ??= setInterval(() => {
        for (const waiting of this.#queues) this.#look(waiting);
      }, LOOK_INTERVAL_MS).unref();
  }

  #look(queue: SharedQueue): void {
    const isFree = queue.hasRoom();
    if (isFree) this.#freed(queue);
    else queue.askForRoom();
    const first = isFree && queue.hasRoom() ? this.#firstElsewhere() : undefined;
    const before = this.#unserved;
    const looks = first !== undefined && isSame(before, first) ? (before?.looks ?? 0) + 1 : 1;
    this.#unserved = first && { ...first, looks };
    if (first === undefined || looks < LOOKS) return;
    this.#unserved = undefined;
    this.#absent = { ...first, untilMs: performance.now() + ABSENT_MS };
    this.#freed(queue);
  }

  /** The worker, other than this one, whose lease came first. */
  #firstElsewhere(): FirstLease | undefined {
    const { worker: own, workers } = this.#slots;
    let found: FirstLease | undefined;
    for (let worker = 0; worker < workers; worker++) {
      const since = worker === own ? 0 : this.#slot.noteOf(worker);
      if (since === 0 || (found !== undefined && msBetween(found.since, since) >= 0)) continue;
      const lease = { worker, since };
      if (!this.#isAbsent(lease)) found = lease;
    }
    return found;
  }

  #isAbsent(lease: FirstLease): boolean {
    const absent = this.#absent;
    return absent !== undefined && isSame(absent, lease) && performance.now() < absent.untilMs;
  }
}

function isSame(one: FirstLease | undefined, other: FirstLease): boolean {
  return one?.worker === other.worker && one.since === other.since;
}
