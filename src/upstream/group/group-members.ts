import type { Backend } from '../../plugin-api/index.ts';
import { IndexSet } from '../balancer/selection/index-set.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';
import type { WaitReason } from './waiting/wait-queue.ts';

/** So many members at most are looked at to find room. */
const MOST_LOOKS = 64;
/** So many members that fail their checks are tried for one lease, at most. */
const MOST_RESORTS = 3;
/** So many members at most are looked at for a full pool, each time that a request has to wait. */
const POOL_LOOKS = 16;

/**
 * The members of a group, with what is known of all of them together: whoever asks does not look at each. Members are known by their index.
 * Of one that goes up or down, and of a backend that has leases which rest, the group is told; that a member is full is found out.
 */
export class GroupMembers {
  readonly all: readonly Member[];
  readonly #places: ReadonlyMap<Backend, number>;
  /** The members that may get requests, as far as their state and weight go. */
  readonly #up: IndexSet;
  /** The members that only their checks keep from requests. */
  readonly #failing: IndexSet;
  /** The members whose backends may have pinned leases that rest. */
  readonly #resting: IndexSet;
  readonly #hasBreakers: boolean;
  /** When the first open breaker lets requests through, by `performance.now()`; undefined until somebody asks. */
  #opensAtMs: number | undefined;
  /** Where a search for a full pool begins. */
  #poolAt = 0;
  /** Where a search for a last resort begins. */
  #resortAt = 0;
  /** Where a search for room begins. */
  #roomAt = 0;
  /** Where a search for room beside requests begins. */
  #besideAt = 0;

  constructor(members: readonly Member[]) {
    this.all = members;
    this.#places = new Map(members.map(({ backend }, at) => [backend, at]));
    this.#up = new IndexSet(members.length);
    this.#failing = new IndexSet(members.length);
    this.#resting = new IndexSet(members.length);
    this.#hasBreakers = members.some(({ breaker }) => breaker !== undefined);
    this.lookAtAll();
  }

  /** The index of the member that stands for that backend; -1 when there is none. */
  placeOf(backend: Backend): number {
    return this.#places.get(backend) ?? -1;
  }

  /** The member that stands for that backend. */
  of(backend: Backend): Member | undefined {
    return this.all[this.placeOf(backend)];
  }

  /** As of `Upstream` of the plugin API: a backend that has left is not asked. `done` must not throw. */
  findOutIfGone(backend: Backend, done: (isGone: boolean) => void): void {
    const member = this.of(backend);
    if (member !== undefined) member.presence.find(done);
    else
      queueMicrotask(() => {
        done(false);
      });
  }

  /** Those of the members that stand for one of these backends. */
  at(backends: Iterable<Backend>): Set<Member> {
    const found = new Set<Member>();
    for (const backend of backends) {
      const member = this.of(backend);
      if (member !== undefined) found.add(member);
    }
    return found;
  }

  /** The state of the member at that index may be another one. */
  changed(at: number): void {
    const member = this.all[at];
    if (member === undefined) return;
    this.#opensAtMs = undefined;
    if (member.up && member.weight > 0) this.#up.add(at);
    else this.#up.delete(at);
    if (member.failsChecks) this.#failing.add(at);
    else this.#failing.delete(at);
  }

  /** A lease of the member at that index has ended, or rests. */
  freed(at: number): void {
    this.#roomAt = at;
    if (this.all[at]?.backend.hasResting === true) this.#resting.add(at);
  }

  /** Nobody told what became of the members for a while. */
  lookAtAll(): void {
    for (let at = 0; at < this.all.length; at++) {
      this.changed(at);
      this.freed(at);
    }
  }

  /** Whether a member's state lets it get requests; room is another question. */
  get areAnyUp(): boolean {
    return this.#up.next(0) >= 0;
  }

  /** What a lease must wait for, among the members that it has not tried; undefined when waiting would not help. */
  reasonToWait({ tried, use }: UpstreamLease): WaitReason | undefined {
    let reason: WaitReason | undefined;
    let looks = 0;
    const first = this.#up.next(this.#poolAt);
    for (let at = first; at >= 0;) {
      const member = this.all[at];
      // A request waits for room, but not to try out a backend that failed.
      if (member !== undefined && tried?.has(member) !== true && member.breaker?.hasRoom !== false) {
        this.#poolAt = at;
        // A larger pool would have served it. A connection that serves one client alone comes from no such pool.
        if (use === 'keep-alive' && member.isHeldUpByPool) return 'pool';
        reason = 'limit';
        looks += 1;
        if (looks === POOL_LOOKS) break;
      }
      at = this.#up.next(at + 1);
      if (at === first) break;
    }
    return reason;
  }

  /**
   * A member that the lease has not tried, and that only its checks keep from it. It gets a place there. A backend that has just come back
   * fails its checks until some in a row have passed: if those that seem to be up can't be connected to, it is all there is.
   */
  lastResort(lease: UpstreamLease): Member | undefined {
    const { tried, use, request } = lease;
    if (request.isSpare === true || !mayResort(lease)) return undefined;
    const first = this.#failing.next(this.#resortAt);
    let at = first;
    for (let looks = 0; at >= 0 && looks < MOST_LOOKS; looks++) {
      this.#resortAt = at + 1;
      const member = this.all[at];
      const isUntried = member !== undefined && tried?.has(member) !== true;
      if (isUntried && member.hasRoom && member.reserve(use, request.fresh)) {
        lease.resorts += 1;
        return member;
      }
      at = this.#failing.next(at + 1);
      if (at === first) break;
    }
    return undefined;
  }

  /** Whether a member has room. Of many members, each call looks at some: one that has just been {@link freed} is the first. */
  hasRoom(): boolean {
    return this.#some((member) => member.up && member.hasRoom);
  }

  /**
   * The least loaded member with room for a connection that serves one client alone, where only requests have none: balancers know one kind of
   * room, and so pass such a member over. The lease gets a place there. Of many members, each call looks at some.
   */
  takeBesideRequests(
    { use, request }: UpstreamLease,
    exclude: ReadonlySet<Member> | undefined,
  ): Member | undefined {
    if (use !== 'once') return undefined;
    let found: Member | undefined;
    const first = this.#up.next(this.#besideAt);
    let at = first;
    for (let looks = 0; at >= 0 && looks < MOST_LOOKS; looks++) {
      this.#besideAt = at + 1;
      const member = this.all[at];
      const isFit = member !== undefined && exclude?.has(member) !== true && member.hasRoomBesideRequests;
      if (isFit && (found === undefined || isLessLoaded(member, found))) found = member;
      at = this.#up.next(at + 1);
      if (at === first) break;
    }
    return found?.reserve(use, request.fresh) === true ? found : undefined;
  }

  /** Ends a pinned lease that rests, to make room at a member that is not excluded. False when none was ended. */
  makeRoom(exclude: ReadonlySet<Member> | undefined): boolean {
    for (let at = this.#resting.next(0); at >= 0;) {
      const member = this.all[at];
      if (member?.backend.hasResting !== true) this.#resting.delete(at);
      else if (member.weight > 0 && exclude?.has(member) !== true && member.makeRoom()) return true;
      const next = this.#resting.next(at + 1);
      if (next <= at) break;
      at = next;
    }
    return false;
  }

  /** As {@link makeRoom} in another worker, where the room is made soon. Of many members, each call looks at some. */
  askForRoom(): void {
    this.#some((member) => member.askForRoom());
  }

  /** In how many ms the first breaker lets requests through again; undefined where none keeps its backend from them. */
  get opensInMs(): number | undefined {
    if (!this.#hasBreakers) return undefined;
    const now = performance.now();
    this.#opensAtMs ??= now + this.#soonestMs();
    return Number.isFinite(this.#opensAtMs) ? Math.max(0, this.#opensAtMs - now) : undefined;
  }

  /** Infinite where no breaker keeps its backend from requests. */
  #soonestMs(): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const { breaker, sound, weight } of this.all)
      if (breaker?.hasRoom === false && sound && weight > 0)
        soonestMs = Math.min(soonestMs, breaker.opensInMs);
    return soonestMs;
  }

  /** Whether one of the next members that are up is as asked for. */
  #some(isSo: (member: Member) => boolean): boolean {
    const first = this.#up.next(this.#roomAt);
    let at = first;
    for (let looks = 0; at >= 0 && looks < MOST_LOOKS; looks++) {
      this.#roomAt = at;
      const member = this.all[at];
      if (member !== undefined && isSo(member)) return true;
      at = this.#up.next(at + 1);
      if (at === first) break;
    }
    if (at >= 0) this.#roomAt = at;
    return false;
  }
}

/** Whether a lease may try a member that fails its checks: a few of them, and none after one that took the whole time for a connect. */
function mayResort({ lastError, resorts }: UpstreamLease): boolean {
  return resorts === 0 || (resorts < MOST_RESORTS && lastError?.code !== 'connect_timeout');
}

/** Whether a member comes before another one: by its priority, and then by its load. */
function isLessLoaded(one: Member, other: Member): boolean {
  if (one.priority !== other.priority) return one.priority < other.priority;
  return one.backend.load / one.weight < other.backend.load / other.weight;
}
