import type { Dialer } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendState } from '../backend/backend-state.ts';
import type { Candidate } from '../balancer/contract/balancer.ts';
import type { ChannelPool } from '../pool/channel-pool.ts';
import { BackendPresence } from '../recovery/backend-presence.ts';
import { FreshSockets } from '../pool/fresh-sockets.ts';
import type { AgentSays, CheckProgress } from '../../readings/upstreams/health.ts';
import type { MemberState } from '../../readings/upstreams/upstream.ts';
import type { RequestLimit } from '../concurrency/request-limit.ts';
import type { CircuitBreaker } from '../standing/circuit-breaker.ts';
import type { Ejection } from '../standing/ejection.ts';
import type { ResponseTimes } from '../standing/response-times.ts';
import { MemberStanding } from '../standing/member-standing.ts';
import type { LeaseOutcomes } from '../standing/lease-outcomes.ts';
import { stateOf, verdictOn, type MemberVerdict } from '../standing/member-state.ts';

const ROUNDING = 1_000;

export interface MemberOptions {
  readonly backend: BackendState;
  readonly weight: number;
  /** As of `Candidate`. Default: 0. */
  readonly priority?: number | undefined;
  /** As of `Candidate`. Default: ''. */
  readonly zone?: string | undefined;
  /** Leases at most. 0: no limit. */
  readonly maxConnections: number;
  readonly dialer: Dialer;
  /** Default: no health checks, so it is not known. */
  readonly health?: MemberHealth | undefined;
  /** Default: one of its own. */
  readonly standing?: MemberStanding | undefined;
  /** Default: no passive checks. */
  readonly ejection?: Ejection | undefined;
  /** Default: no circuit breaker. */
  readonly breaker?: CircuitBreaker | undefined;
  /** Default: nobody asks how long it takes to answer. */
  readonly times?: ResponseTimes | undefined;
  /** How many requests it may work on. Default: no limit. */
  readonly requests?: RequestLimit | undefined;
}

/** The health of a backend, as its checks and its agent found it. */
export interface MemberHealth {
  readonly healthy: boolean;
  /** When the health changed last, in ms since 1970. */
  readonly changedAtMs?: number | undefined;
  /** Undefined before the first check. */
  readonly lastCheckAtMs?: number | undefined;
  /** Why the last check failed. */
  readonly lastError?: string | undefined;
  /** Undefined before the first check. */
  readonly progress?: CheckProgress | undefined;
  /** Undefined without an agent. */
  readonly agent?: AgentSays | undefined;
}

/** The group of a member, as the member sees it. */
export interface MemberOwner {
  /** A balancer found the member unavailable. */
  note(member: Member): void;
  /** The member may get more, less or other requests than before. */
  memberChanged(member: Member): void;
}

/** A backend as one upstream uses it: its weight, limit, state and pools there. The same object for as long as its settings stay the same. */
export class Member implements Candidate {
  readonly backend: BackendState;
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  /** How long it takes to answer; undefined where the balancer does not ask. */
  readonly times: ResponseTimes | undefined;
  /** As its agent says, or else the config. */
  maxConnections: number;
  /** Absent without health checks. */
  readonly health: MemberHealth | undefined;
  readonly standing: MemberStanding;
  readonly ejection: Ejection | undefined;
  readonly breaker: CircuitBreaker | undefined;
  /** Undefined where its requests are not limited. */
  readonly requests: RequestLimit | undefined;
  /** Hears how its leases go. Undefined: nobody does, and leases do not read the clock. */
  outcomes: LeaseOutcomes | undefined = undefined;
  /** Makes a new connection for each lease. */
  readonly fresh: ChannelPool;
  /** Set by its group. */
  owner: MemberOwner | undefined = undefined;
  /** 0: no limit. */
  readonly #ownLimit: number;
  /** Finds out whether the backend can be connected to. */
  readonly presence: BackendPresence;
  readonly #pools = new Map<SocketUse, ChannelPool>();
  /** The pool whose size limits the leases: that of `keep-alive`. */
  #limiting: ChannelPool | undefined = undefined;
  /** The part of its weight that its slow start lets it have: above 0, to 1. */
  ramp = 1;
  #panics = false;
  #verdict: MemberVerdict;
  /** The part of its weight that its agent leaves it; never 0, as it then gets no new requests at all. */
  #share: number;

  constructor(options: MemberOptions) {
    this.backend = options.backend;
    this.id = options.backend.name;
    this.weight = options.weight;
    this.priority = options.priority ?? 0;
    this.zone = options.zone ?? '';
    this.#ownLimit = options.maxConnections;
    this.health = options.health;
    this.standing = options.standing ?? new MemberStanding('', options.backend.name);
    this.ejection = options.ejection;
    this.breaker = options.breaker;
    this.times = options.times;
    this.requests = options.requests;
    this.presence = new BackendPresence(options.backend, options.dialer);
    this.fresh = new FreshSockets(options.backend, options.dialer, options.times);
    this.#verdict = verdictOn(this, false);
    this.#share = shareOf(this.health);
    this.maxConnections = limitOf(this.#ownLimit, this.health);
  }

  /** The pool that leases for that use get their channels from. */
  pool(use: SocketUse): ChannelPool {
    return this.#pools.get(use) ?? this.fresh;
  }

  /** Leases for that use get their channels from `pool` from now on; without a pool, each lease makes a connection of its own. */
  setPool(use: SocketUse, pool: ChannelPool | undefined): void {
    if (pool === undefined) this.#pools.delete(use);
    else this.#pools.set(use, pool);
    if (use !== 'keep-alive') return;
    this.#limiting = pool;
    this.backend.noteChange();
  }

  /** A part of its state has changed: tells its group. */
  noteChange(): void {
    const wasSound = this.#verdict.up && this.#verdict.sound;
    this.#verdict = verdictOn(this, this.#panics);
    this.#share = shareOf(this.health);
    this.maxConnections = limitOf(this.#ownLimit, this.health);
    // One that is only used because its upstream panics has not come back.
    if (this.up && this.sound && !wasSound) this.standing.becameUpAtMs = performance.now();
    this.owner?.memberChanged(this);
  }

  /**
   * The backend broke a connection in use. If that has put it out of use, no request finds out any more whether it can be connected to, so
   * one connect is made for that: operators must hear of a backend that is gone, whatever noticed it first.
   */
  connectionBroke(): void {
    if (!this.up && !this.isTakenOut && !this.backend.connects.areFailing) this.presence.find();
  }

  get panics(): boolean {
    return this.#panics;
  }

  /** While its upstream panics, health and ejection do not count. */
  set panics(panics: boolean) {
    if (this.#panics === panics) return;
    this.#panics = panics;
    this.noteChange();
  }

  /** Its state, in one word. */
  get state(): MemberState {
    return stateOf(this);
  }

  /** Whether its state lets it get new requests; room is another question. */
  get up(): boolean {
    return this.#verdict.up;
  }

  /** As {@link up}, but true also while it drains: clients that it serves already may go on. */
  get takesSessions(): boolean {
    return this.#verdict.takesSessions;
  }

  /** Whether its checks let it get requests, without a look at breakers and panic. */
  get sound(): boolean {
    return this.#verdict.sound;
  }

  /** Whether nothing but its checks keeps requests from it. It may have come back since the last one. */
  get failsChecks(): boolean {
    return this.weight > 0 && this.#verdict.failsChecks;
  }

  /** Whether a check has ended, or an operator says how it is. */
  get isKnown(): boolean {
    return this.health?.lastCheckAtMs !== undefined || this.standing.hand?.state === 'healthy';
  }

  /** Whether an operator has taken it out, or its weight is 0. */
  get isTakenOut(): boolean {
    return this.weight === 0 || this.#verdict.isTakenOut;
  }

  /** Whether it gets no requests even while its upstream panics: then it is no part of what the panic is judged by. */
  get isKeptOut(): boolean {
    return this.isTakenOut || this.standing.hand?.state === 'unhealthy';
  }

  get responseMs(): number {
    return this.times?.at(performance.now()) ?? 0;
  }

  get active(): number {
    return this.backend.load;
  }

  get factor(): number {
    // Ramp and breaker both say that it has just come back, so that their product would say it twice.
    return this.#share * Math.min(this.ramp, this.breaker?.factor ?? 1);
  }

  /** The weight that counts now, rounded for readings. */
  get effectiveWeight(): number {
    return Math.round(this.weight * this.factor * ROUNDING) / ROUNDING;
  }

  /** Whether its limit, its breaker and its pool let one more lease begin. */
  get hasRoom(): boolean {
    return this.#hasPlace && this.#limiting?.isFull !== true;
  }

  /**
   * As {@link hasRoom}, for a lease of that use. A connection that serves one client alone is no request, and comes from no pool that could be
   * full: only the limit of connections counts.
   */
  hasRoomFor(use: SocketUse): boolean {
    return use === 'keep-alive' ? this.hasRoom : this.#hasPlaceForConnection;
  }

  /** Whether it has room for a connection that serves one client alone, and none for a request. */
  get hasRoomBesideRequests(): boolean {
    return this.#hasPlaceForConnection && !this.hasRoom;
  }

  get available(): boolean {
    if (this.#verdict.up && this.hasRoom) return true;
    this.owner?.note(this);
    return false;
  }

  /** True while its full pool is the only reason why it gets no further lease. */
  get isHeldUpByPool(): boolean {
    return this.#limiting?.isFull === true && this.up && this.#hasPlace;
  }

  get #hasPlace(): boolean {
    return this.#hasPlaceForConnection && this.requests?.hasRoom !== false;
  }

  get #hasPlaceForConnection(): boolean {
    return this.backend.load < this.maxConnections && this.breaker?.hasRoom !== false;
  }

  /**
   * Takes a place for a lease, which then begins at once. False when other workers have taken the last one since the balancer looked.
   *
   * @param isFresh whether the lease gets a connection of its own
   */
  reserve(use: SocketUse, isFresh: boolean): boolean {
    if (this.breaker?.reserve() === false) return false;
    const isRequest = this.requests !== undefined && use === 'keep-alive';
    if (!isRequest || this.requests.take()) {
      const { places } = this.backend;
      if (places === undefined) return true;
      if (places.take(this.maxConnections)) {
        if (isFresh || this.pool(use).reserve()) return true;
        places.release();
      }
      if (isRequest) this.requests.release();
    }
    this.breaker?.unreserve();
    return false;
  }

  /**
   * A lease that {@link reserve} gave a place is over.
   *
   * @param wasProbe whether it had a place that a half-open breaker gave it
   * @param wasRequest whether it still counted as one of {@link requests}
   */
  leaseEnded(wasProbe: boolean, wasRequest: boolean): void {
    if (wasRequest) this.requests?.release();
    this.backend.leaseEnded();
    if (wasProbe) this.breaker?.release();
  }

  /** A lease goes on, but holds no such place any more: its channel serves one client, perhaps for hours. As {@link leaseEnded}. */
  leaseSettled(wasProbe: boolean, wasRequest: boolean): void {
    if (wasRequest) this.requests?.release();
    if (wasProbe) this.breaker?.release();
  }

  /** As {@link makeRoom} in another worker, where the room is made soon. False when none can be made. */
  askForRoom(): boolean {
    return this.up && this.backend.load >= this.maxConnections && this.backend.askForRoom();
  }

  /** Makes room below its limit by ending the pinned lease that has rested longest. False when that makes no room. */
  makeRoom(): boolean {
    return this.up && this.backend.load >= this.maxConnections && this.backend.endResting();
  }
}

function shareOf(health: MemberHealth | undefined): number {
  const share = health?.agent?.share ?? 1;
  return share > 0 ? share : 1;
}

function limitOf(ownLimit: number, health: MemberHealth | undefined): number {
  return (health?.agent?.maxConnections ?? ownLimit) || Number.POSITIVE_INFINITY;
}
