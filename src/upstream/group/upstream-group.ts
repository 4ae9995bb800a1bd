import { isDeepStrictEqual } from 'node:util';

import { BalanceError } from '../../errors.ts';
import type { DialOptions } from '../../net/dial/dial.ts';
import type { LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type {
  Backend,
  KeySource,
  LeaseRequest,
  PendingLease,
  SocketUse,
  Upstream,
} from '../../plugin-api/index.ts';
import type { BackendState, PoolQueue } from '../backend-state.ts';
import type { Balancer, PickContext } from '../balancer/balancer.ts';
import { LateBalancer } from './late-balancer.ts';
import type { Member } from '../member.ts';
import { PassedOver } from './passed-over.ts';
import { reasonToWait } from './reason-to-wait.ts';
import { SocketLease, type LeaseHome, type LeaseOwner } from '../socket-lease.ts';
import { Succession } from './succession.ts';
import type { QueueEnd, UpstreamOptions } from './upstream-options.ts';
import { UpstreamRefusals } from './upstream-refusals.ts';
import { UpstreamView } from './upstream-view.ts';
import { WaitingLine, type WaitingPlace } from './waiting-line.ts';

/** The members of an upstream, for as long as no edit changes it, and the way to a lease: choose, connect, try the next, or wait. */
export class UpstreamGroup implements LeaseOwner, PoolQueue {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly readTimeoutMs: number;
  readonly members: readonly Member[];
  readonly dial: DialOptions;
  readonly home: LeaseHome | undefined;
  #balancer: Balancer<Member>;
  readonly #remakeBalancer: (() => Balancer<Member>) | undefined;
  readonly #line: WaitingLine<SocketLease>;
  readonly #queueEnded: UpstreamOptions['queueEnded'];
  readonly #passedOver: PassedOver;
  readonly #refusals: UpstreamRefusals;
  /** Protocols that a view was made for. */
  readonly #protocols = new Set<string>();
  #succession = new Succession<UpstreamGroup>(this);
  #retired = false;
  #stopListening: readonly (() => void)[] = [];
  /** True while a place is made for one who asks: it is not for those who wait. */
  #makesRoom = false;
  /** Re-used for each pick, as a balancer does not keep it. */
  readonly #context: { key: string | undefined; exclude: ReadonlySet<Member> | undefined } = {
    key: undefined,
    exclude: undefined,
  };

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.algorithm = options.algorithm;
    this.keySource = options.keySource;
    this.readTimeoutMs = options.readTimeoutMs;
    this.members = options.members;
    this.dial = options.dial;
    this.home = options.home;
    this.#balancer = options.balancer;
    this.#remakeBalancer = options.remakeBalancer;
    this.#queueEnded = options.queueEnded;
    this.#refusals = new UpstreamRefusals(options.name);
    this.#passedOver = new PassedOver(options.passedOver);
    for (const member of options.members) member.passedOver = this.#passedOver;
    const limitsMs = { limit: options.queueTimeoutMs, pool: options.poolTimeoutMs };
    this.#line = new WaitingLine(options.queueSize, limitsMs, (place, waitedMs) => {
      this.#gaveUp(place, waitedMs);
    });
    this.#listen();
  }

  /** Leases that wait for a backend with room. */
  get waiting(): number {
    return this.#line.length;
  }

  /** This upstream as that protocol sees it, for one use of sockets. Leases end with `scope` or their connection at the latest. */
  forUse(use: SocketUse, protocol: string, scope?: LifetimeScope): Upstream {
    this.#protocols.add(protocol);
    return new UpstreamView(this, use, protocol, scope);
  }

  /**
   * `protocol`: of who asks; where an edit puts another group in the place of this one, it serves the lease only if that protocol
   * uses it too. Default: it serves any. `scope`: of whoever holds the lease at most until then.
   */
  acquire(request: LeaseRequest, use: SocketUse, protocol?: string, scope?: LifetimeScope): PendingLease {
    const lease = new SocketLease(this, request, use, protocol, scope);
    if (scope?.isClosed === true) {
      refuseSoon(lease, new BalanceError('shutdown', 'whoever asks is closed already'));
      return lease;
    }
    this.#serve(lease, request.immediate);
    return lease;
  }

  connectFailed(lease: SocketLease, member: Member, error: BalanceError): void {
    lease.lastError = error;
    // No other backend could do better, and asking all of them would make it worse.
    if (error.code === 'resources_exhausted') {
      lease.refuse(error);
      return;
    }
    this.#passedOver.count(lease.request, member, 'failed', error);
    (lease.tried ??= new Set()).add(member);
    this.#serve(lease);
  }

  cancelled(lease: SocketLease): void {
    this.#waited('left', this.#line.leave(lease));
    this.#restWhenRetired();
  }

  /** The member that a request with that key would get now; undefined when there is none or chance decides. */
  peek(key: string | undefined): Member | undefined {
    return this.#balancer.peek?.({ key, exclude: undefined });
  }

  /** Whether that backend is a member, and healthy. */
  takes(backend: Backend): boolean {
    return this.members.some((member) => member.backend === backend && member.healthy);
  }

  /**
   * An edit puts this group in the place of another one. It goes on in its turns, so that an edit favours nobody, and whoever waits
   * there waits here from now on, in the same order and with the time that was waited: each is served with what the edit brought,
   * or told at once that there is nothing to wait for any more. What has a backend keeps it, also while it connects, and a protocol
   * that does not use this group keeps to the backends that it has.
   */
  takeOver(previous: UpstreamGroup): void {
    this.#balancer.resume?.(previous.#balancer);
    this.#succession = previous.#succession;
    this.#succession.current = this;
    const waiting: WaitingPlace<SocketLease>[] = [];
    const staying: WaitingPlace<SocketLease>[] = [];
    for (const place of previous.#line.empty()) (this.#isFor(place.who) ? waiting : staying).push(place);
    previous.#line.adopt(staying);
    for (const { who } of waiting) this.#adopt(who, previous);
    this.#line.adopt(
      waiting.map((place) => ({
        ...place,
        reason: reasonToWait(this.members, place.who.tried) ?? place.reason,
      })),
    );
    this.#serveLine();
    this.#refuseAll(
      this.#line.trim((lease) => !this.#hasRoomForClient(lease)),
      (lease) => this.#reasonAgainst(lease),
    );
  }

  /** An edit took the upstream away, or gave it another name. What runs, connects or waits keeps to the backends that it has. */
  remove(): void {
    this.#succession.current = undefined;
  }

  /**
   * It is not live any more. Whoever still waits, and the few that exchanges under way still ask for, are served, but it costs next
   * to nothing while there are none: many may stand behind one tunnel each.
   */
  retire(): void {
    this.#retired = true;
    if (this.#remakeBalancer !== undefined) this.#balancer = new LateBalancer(this.#remakeBalancer);
    this.#restWhenRetired();
  }

  /** Stops listening to backends. Leases that run are not touched. */
  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
  }

  /** Takes over a lease of an earlier group. */
  #adopt(lease: SocketLease, previous: UpstreamGroup): void {
    lease.moveTo(this);
    // What was made for another hash_key says nothing here.
    if (!isDeepStrictEqual(previous.keySource, this.keySource)) lease.keyCounts = false;
    const { tried } = lease;
    if (tried === undefined) return;
    const backends = new Set([...tried].map(({ backend }) => backend));
    lease.tried = new Set(this.members.filter(({ backend }) => backends.has(backend)));
  }

  readonly #onFree = (): void => {
    if (this.#line.length === 0 || this.#makesRoom) return;
    this.#serveLine();
    this.#restWhenRetired();
  };

  #listen(): void {
    if (this.#stopListening.length > 0) return;
    this.#stopListening = this.members.map(({ backend }) => {
      backend.poolQueues.add(this);
      const stop = backend.onFree(this.#onFree);
      return () => {
        backend.poolQueues.delete(this);
        stop();
      };
    });
  }

  #restWhenRetired(): void {
    if (this.#retired && this.#line.length === 0) this.close();
  }

  /** Gives it one of its own backends; where none can, that of the group that an edit put in its place, or a place in the queue. */
  #serve(lease: SocketLease, atOnce?: boolean): void {
    this.#passedOver.isChoosing = true;
    const member = this.#pick(lease);
    this.#passedOver.tell(lease.request);
    if (member !== undefined) {
      lease.begin(member, atOnce);
      return;
    }
    const successor = this.#succession.current;
    if (successor !== undefined && successor !== this && successor.#isFor(lease)) {
      successor.#adopt(lease, this);
      successor.#serve(lease, atOnce);
    } else if (!this.#wait(lease)) this.#refuse(lease);
  }

  /** Whether its backends speak what the one who asks speaks, as far as the config says so. */
  #isFor({ protocol }: SocketLease): boolean {
    return protocol === undefined || this.#protocols.has(protocol);
  }

  #pick(lease: SocketLease): Member | undefined {
    for (;;) {
      this.#context.key = lease.keyCounts ? lease.request.key : undefined;
      this.#context.exclude = lease.tried;
      const member = this.#balancer.pick(this.#context satisfies PickContext);
      if (member !== undefined || !this.#makeRoom(lease)) return member;
    }
  }

  /** Sockets that rest for their clients would let anybody take all places of a backend by a header and silence. */
  #makeRoom({ tried }: SocketLease): boolean {
    this.#makesRoom = true;
    const made = this.members.some(
      (member) => member.weight > 0 && tried?.has(member) !== true && member.makeRoom(),
    );
    this.#makesRoom = false;
    return made;
  }

  /** Those who wait because the pool of that backend is full. One for whom several backends would do counts for each. */
  heldUpBy(backend: BackendState): number {
    const isHeldUp = this.members.some((member) => member.backend === backend && member.isHeldUpByPool);
    return isHeldUp ? this.#line.waitingFor('pool') : 0;
  }

  /** True when a healthy backend exists and only its limit or its pool is in the way. */
  #wait(lease: SocketLease): boolean {
    const reason = reasonToWait(this.members, lease.tried);
    if (reason === undefined || !this.#line.join(lease, reason)) return false;
    if (this.#retired) this.#listen();
    return true;
  }

  #gaveUp({ who, reason }: WaitingPlace<SocketLease>, waitedMs: number): void {
    const isPool = reason === 'pool';
    this.#waited(isPool ? 'pool_timeout' : 'timeout', waitedMs);
    if (isPool)
      for (const member of this.members) if (member.isHeldUpByPool) member.backend.poolTimeouts += 1;
    who.refuse(this.#refusals.waitedTooLong(reason));
    this.#restWhenRetired();
  }

  /** Whether one who waits may ever be served, if not now. */
  #hasRoomForClient(lease: SocketLease): boolean {
    return this.members.some((member) => member.weight > 0 && lease.tried?.has(member) !== true);
  }

  #refuse(lease: SocketLease): void {
    if (lease.lastError !== undefined) {
      lease.refuse(lease.lastError);
      return;
    }
    const full =
      this.#line.length >= this.#line.maxSize &&
      this.members.some((member) => member.healthy && member.weight > 0);
    if (full) this.#waited('refused', 0);
    const { tried } = lease;
    const error = full
      ? this.#refusals.queueFull(reasonToWait(this.members, tried))
      : this.#refusals.noBackend();
    refuseSoon(lease, error);
  }

  #refuseAll(
    places: readonly WaitingPlace<SocketLease>[],
    reason: (lease: SocketLease) => BalanceError,
  ): void {
    const now = performance.now();
    for (const { who, sinceMs } of places) {
      this.#waited('refused', now - sinceMs);
      refuseSoon(who, reason(who));
    }
  }

  /** Why one who waited does not after an edit. */
  #reasonAgainst(lease: SocketLease): BalanceError {
    if (this.#hasRoomForClient(lease))
      return this.#refusals.placeLeft(reasonToWait(this.members, lease.tried));
    return lease.lastError ?? this.#refusals.backendsLeft();
  }

  #waited(outcome: QueueEnd['outcome'], waitedMs: number | undefined): void {
    if (waitedMs !== undefined) this.#queueEnded?.({ upstream: this.name, outcome, waitedMs });
  }

  #serveLine(): void {
    for (;;) {
      const lease = this.#line.first();
      if (lease === undefined) return;
      const member = this.#pick(lease);
      if (member === undefined) return;
      this.#waited('served', this.#line.leave(lease));
      lease.begin(member);
    }
  }
}

/** The caller gets its pending lease before it gets an answer, and an edit is done before anybody hears of it. */
function refuseSoon(lease: SocketLease, error: BalanceError): void {
  queueMicrotask(() => {
    lease.refuse(error);
  });
}
