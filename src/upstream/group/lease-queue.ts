import type { BalanceError } from '../../errors.ts';
import type { QueueOutcome } from '../../readings/upstreams/upstream.ts';
import { GroupMembers } from './group-members.ts';
import type { UpstreamLease } from './upstream-lease.ts';
import type { UpstreamObserver } from './upstream-observer.ts';
import type { UpstreamOptions } from './upstream-options.ts';
import { UpstreamRefusals } from './upstream-refusals.ts';
import type { QueueRoom } from '../sharing/queue-share.ts';
import { WaitQueue, type QueuePlace } from './waiting/wait-queue.ts';

/** The leases of one upstream that wait for a backend with room: why each waits, how its wait ends, and what it is refused with. */
export class LeaseQueue {
  readonly #upstream: string;
  readonly #observer: UpstreamObserver | undefined;
  readonly #refusals: UpstreamRefusals;
  readonly #queue: WaitQueue<UpstreamLease>;
  #members = new GroupMembers([]);
  /** Leases that have just waited too long for a pool, and are not counted yet. */
  #poolTimeouts = 0;

  /**
   * @param gaveUp called when a lease was refused because it waited too long
   * @param room default: no other worker has leases that wait
   */
  constructor(options: UpstreamOptions, gaveUp: () => void, room?: QueueRoom) {
    this.#upstream = options.name;
    this.#observer = options.observer;
    this.#refusals = new UpstreamRefusals(options.name);
    const limitsMs = { limit: options.queueTimeoutMs, pool: options.poolTimeoutMs };
    this.#queue = new WaitQueue(
      options.queueSize,
      limitsMs,
      (place, waitedMs) => {
        this.#gaveUp(place, waitedMs);
        gaveUp();
      },
      room,
    );
  }

  get length(): number {
    return this.#queue.length;
  }

  /** Whether more leases wait than there is room for, after an edit of the size. */
  get isOverfull(): boolean {
    return this.#queue.isOverfull;
  }

  /** Leases that wait because pools are full. */
  get waitingForPool(): number {
    return this.#queue.waitingFor('pool');
  }

  first(): UpstreamLease | undefined {
    return this.#queue.first();
  }

  /** When the first lease came, by `performance.now()`. */
  get firstSinceMs(): number | undefined {
    return this.#queue.firstSinceMs;
  }

  /** Lets a lease wait. False when waiting would not help, or the queue is full. */
  join(lease: UpstreamLease): boolean {
    const reason = this.#members.reasonToWait(lease);
    return reason !== undefined && this.#queue.join(lease, reason);
  }

  /** Takes out a lease that has a backend now (`served`), or is no longer wanted (`left`). */
  leave(lease: UpstreamLease, outcome: 'served' | 'left'): void {
    const waitedMs = this.#queue.leave(lease);
    if (waitedMs !== undefined) this.#ended(outcome, waitedMs);
  }

  /** Refuses a lease that found neither a backend nor a place in the queue. */
  refuse(lease: UpstreamLease): void {
    if (lease.lastError !== undefined) {
      lease.refuse(lease.lastError);
      return;
    }
    if (lease.request.isSpare === true || !this.#queue.isFull || !this.#members.areAnyUp) {
      refuseSoon(lease, this.#refusals.noBackend(this.#members.opensInMs));
      return;
    }
    this.#ended('refused', 0);
    refuseSoon(lease, this.#refusals.queueFull(this.#members.reasonToWait(lease)));
  }

  /** Takes out the leases for which `isMoving` returns true, in their order. The others go on waiting. */
  takeOut(isMoving: (lease: UpstreamLease) => boolean): QueuePlace<UpstreamLease>[] {
    const moving: QueuePlace<UpstreamLease>[] = [];
    const staying: QueuePlace<UpstreamLease>[] = [];
    for (const place of this.#queue.empty()) (isMoving(place.waiter) ? moving : staying).push(place);
    this.#queue.adopt(staying);
    return moving;
  }

  /**
   * Puts in leases from the queue of another group, or leases that waited here for other members. They keep their order and the time that
   * they have waited. From now on all wait for `members`. {@link refuseVain} takes out the leases that find no room here.
   */
  adopt(places: readonly QueuePlace<UpstreamLease>[], members: GroupMembers): void {
    this.#members = members;
    this.#queue.adopt(
      places.map((place) => ({
        ...place,
        reason: members.reasonToWait(place.waiter) ?? place.reason,
      })),
    );
  }

  /** Refuses the leases that no member can ever serve, and the last ones where too many wait. */
  refuseVain(): void {
    const now = performance.now();
    for (const { waiter, sinceMs } of this.#queue.trim((lease) => !this.#mayServe(lease))) {
      this.#ended('refused', now - sinceMs);
      refuseSoon(waiter, this.#reasonAgainst(waiter));
    }
  }

  #gaveUp({ waiter, reason }: QueuePlace<UpstreamLease>, waitedMs: number): void {
    const isPool = reason === 'pool';
    this.#ended(isPool ? 'pool_timeout' : 'timeout', waitedMs);
    if (isPool) this.#countPoolTimeout();
    waiter.refuse(this.#refusals.waitedTooLong(reason));
  }

  /** Counts it for each backend whose pool is full: for all leases that wait for as long as this one in one go. */
  #countPoolTimeout(): void {
    this.#poolTimeouts += 1;
    if (this.#poolTimeouts > 1) return;
    queueMicrotask(() => {
      for (const member of this.#members.all)
        if (member.isHeldUpByPool) member.backend.poolTimeouts += this.#poolTimeouts;
      this.#poolTimeouts = 0;
    });
  }

  /** Whether a member may serve that lease, now or later. */
  #mayServe(lease: UpstreamLease): boolean {
    return this.#members.all.some((member) => member.weight > 0 && lease.tried?.has(member) !== true);
  }

  /** The error for a lease that can't wait any more, because an edit changed the members or the size of the queue. */
  #reasonAgainst(lease: UpstreamLease): BalanceError {
    if (this.#mayServe(lease)) return this.#refusals.placeLeft(this.#members.reasonToWait(lease));
    return lease.lastError ?? this.#refusals.backendsLeft();
  }

  #ended(outcome: QueueOutcome, waitedMs: number): void {
    this.#observer?.queueEnded({ upstream: this.#upstream, outcome, waitedMs });
  }
}

/** Refuses a lease in a microtask: the caller must get its pending lease before the answer, and an edit must be complete before it is seen. */
export function refuseSoon(lease: UpstreamLease, error: BalanceError): void {
  queueMicrotask(() => {
    lease.refuse(error);
  });
}
