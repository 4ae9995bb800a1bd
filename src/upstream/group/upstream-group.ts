import { isEqual } from '../../config/values/is-equal.ts';
import { BalanceError } from '../../errors.ts';
import type { LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type {
  Backend,
  KeySource,
  LeaseRequest,
  PendingLease,
  SocketUse,
  StickySource,
  UpstreamRecovery,
} from '../../plugin-api/index.ts';
import { BackendListeners } from '../backend/backend-listeners.ts';
import type { PoolQueue } from '../backend/backend-state.ts';
import type { Balancer } from '../balancer/contract/balancer.ts';
import { LeaseQueue, refuseSoon } from './lease-queue.ts';
import { GroupMembers } from './group-members.ts';
import type { Member, MemberOwner } from './member.ts';
import { MemberChoice } from './member-choice.ts';
import { PanicWatch } from '../standing/panic-watch.ts';
import { sharedQueueOf } from './shared-queue-of.ts';
import type { QueueSide } from '../sharing/queue-share.ts';
import { PassedOver } from './passed-over.ts';
import { translateTried, triedOrAvoided } from './tried-members.ts';
import { UpstreamLease, type LeaseOwner } from './upstream-lease.ts';
import type { UpstreamObserver } from './upstream-observer.ts';
import type { LeaseHome, UpstreamOptions } from './upstream-options.ts';

/** An upstream at work. It finds a member for each lease: it chooses one, connects, tries the next one, or lets the lease wait. */
export class UpstreamGroup implements LeaseOwner, MemberOwner, PoolQueue {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly readTimeoutMs: number;
  readonly perClient: boolean;
  readonly secure: boolean;
  readonly recovery: UpstreamRecovery | undefined;
  readonly sticky: StickySource | undefined;
  readonly onFault: FaultHandler;
  readonly observer: UpstreamObserver | undefined;
  readonly home: LeaseHome | undefined;
  /** Replaced, never changed. */
  #members = new GroupMembers([]);
  readonly #choice: MemberChoice;
  readonly #queue: LeaseQueue;
  /** What its queue shares with other workers; undefined where there are none. */
  readonly #side: QueueSide | undefined;
  readonly #passedOver: PassedOver;
  /** Undefined where health always counts. Over when it drains: the successor tells of a panic. */
  readonly panic: PanicWatch | undefined;
  /** Protocols that use it; see {@link serves}. */
  readonly #protocols = new Set<string>();
  /** What the groups of one name share, over edits: a lease of an earlier group finds the present one. Undefined once an edit removed it. */
  #succession: { current: UpstreamGroup | undefined } = { current: this };
  #draining = false;
  /** Whether the members were ever replaced, so that a lease may have tried earlier members. */
  #hasChanged = false;
  readonly #listeners = new BackendListeners();
  /** True while a place is made for the lease that asks now. Waiting leases must not take that place. */
  #makesRoom = false;

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.algorithm = options.algorithm;
    this.keySource = options.keySource;
    this.readTimeoutMs = options.readTimeoutMs;
    this.perClient = options.perClient ?? false;
    this.secure = options.secure ?? false;
    this.recovery = options.recovery;
    this.sticky = options.sticky?.source;
    this.onFault = options.onFault;
    this.observer = options.observer;
    this.home = options.home;
    this.#choice = new MemberChoice(options);
    this.#passedOver = new PassedOver(options.observer);
    this.panic = options.panic && new PanicWatch(options.panic);
    this.#side = options.share?.queue.sideOf(
      sharedQueueOf({
        queue: () => this.#queue,
        members: () => this.#members,
        serve: () => {
          this.#serveQueue();
          this.#restWhenDraining();
        },
      }),
    );
    const gaveUp = (): void => {
      this.#restWhenDraining();
    };
    this.#queue = new LeaseQueue(options, gaveUp, this.#side);
  }

  get members(): readonly Member[] {
    return this.#members.all;
  }

  /** Leases that wait for a backend with room. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Notes that this protocol uses it: where an edit changes the upstream, leases of that protocol may move to it. */
  addProtocol(protocol: string): void {
    this.#protocols.add(protocol);
  }

  /**
   * Asks for a lease of one of the members.
   *
   * @param protocol the protocol that asks. After {@link replaceWith}, the successor serves the lease only if that protocol uses it too.
   *   Default: any successor serves it
   * @param scope the lease ends with this scope at the latest
   */
  acquire(request: LeaseRequest, use: SocketUse, protocol?: string, scope?: LifetimeScope): PendingLease {
    const lease = new UpstreamLease(this, request, use, protocol, scope);
    if (scope?.isClosed !== true) this.#serve(lease, request.immediate);
    else refuseSoon(lease, new BalanceError('shutdown', 'whoever asks is closed already'));
    return lease;
  }

  connectFailed(lease: UpstreamLease, member: Member, error: BalanceError): void {
    lease.lastError = error;
    // The proxy itself lacks a resource: another backend would not help, and further attempts would make it worse.
    if (error.code === 'resources_exhausted') {
      lease.refuse(error);
      return;
    }
    this.#passedOver.count(lease.request, member, 'failed', error);
    (lease.tried ??= new Set()).add(member);
    if (this.#hasChanged) translateTried(lease, this.#members);
    this.#serve(lease);
  }

  cancelled(lease: UpstreamLease): void {
    this.#queue.leave(lease, 'left');
    this.#restWhenDraining();
  }

  note(member: Member): void {
    this.#passedOver.note(member);
  }

  memberChanged(member: Member): void {
    const at = this.#members.placeOf(member.backend);
    // -1: it left, and has leases that run.
    if (at < 0) return;
    this.#members.changed(at);
    this.panic?.look(at);
    this.#choice.look(at);
    this.#onFree(at);
  }

  /** The member that a client belongs to whose cookie has that value; undefined when it may go to any. */
  memberOf(session: string): Member | undefined {
    return this.#choice.memberOf(session);
  }

  /** The member that a request with that key would get now; undefined when there is none or chance decides. */
  peek(key: string | undefined): Member | undefined {
    return this.#choice.peek(key);
  }

  /** Whether that backend is a member, and may serve the clients that it has. */
  takes(backend: Backend): boolean {
    return this.#members.of(backend)?.takesSessions === true;
  }

  /** As of `Upstream` of the plugin API. `done` must not throw. */
  findOutIfGone(backend: Backend, done: (isGone: boolean) => void): void {
    this.#members.findOutIfGone(backend, done);
  }

  /** Leases that wait because the pool of that backend is full. A lease that several backends could serve counts for each. */
  heldUpBy(backend: Backend): number {
    return this.#members.of(backend)?.isHeldUpByPool === true ? this.#queue.waitingForPool : 0;
  }

  /**
   * Replaces the members. A member that left finishes its leases. A member whose settings changed is another object over the same
   * backend. Waiting leases are served by the new members, or refused at once when none of them can ever serve the lease.
   *
   * @param balancer over these members; it takes over the turns of the previous balancer. Default: made when it is needed
   */
  setMembers(members: readonly Member[], balancer?: Balancer<Member>): void {
    this.#hasChanged = this.members.length > 0;
    this.#listeners.end();
    this.#members = new GroupMembers(members);
    for (const member of members) member.owner = this;
    this.#choice.replace(members, balancer);
    this.#listen();
    // Nobody told the balancer what became of the members since it was made.
    this.#choice.lookAtAll();
    this.#adopt(this.#queue.takeOut(() => true));
    this.panic?.watch(members);
  }

  /**
   * An edit replaces this group by `successor`, or, with undefined, removes the upstream. The successor takes over the turns of this
   * group, so that an edit favours no backend. Leases that wait here wait there, in the same order and with the time that they have waited;
   * each is served by the new members, or refused at once when none of them can ever serve it. A lease that has a backend keeps it, even
   * while it connects. Leases of a protocol that does not use the successor stay with the members here.
   */
  replaceWith(successor: UpstreamGroup | undefined): void {
    if (successor === undefined) this.#succession.current = undefined;
    else successor.#succeed(this);
  }

  /**
   * The group is not live any more. It still serves leases that wait, and the few that running exchanges ask for. While there are none
   * it costs nearly nothing: there may be many drained groups, each kept by one tunnel.
   */
  drain(): void {
    this.#draining = true;
    this.panic?.close();
    this.#choice.rest();
    this.#restWhenDraining();
  }

  /** Stops listening to backends. Running leases go on. */
  close(): void {
    this.panic?.close();
    this.#choice.rest();
    this.#listeners.end();
  }

  #succeed(previous: UpstreamGroup): void {
    this.#choice.resume(previous.#choice);
    this.#succession = previous.#succession;
    this.#succession.current = this;
    const places = previous.#queue.takeOut((lease) => this.#serves(lease));
    for (const { waiter } of places) this.#moveHere(waiter, previous);
    this.#adopt(places);
  }

  /** Leases that waited for other members wait for these. */
  #adopt(places: ReturnType<LeaseQueue['takeOut']>): void {
    for (const { waiter } of places) translateTried(waiter, this.#members);
    this.#queue.adopt(places, this.#members);
    this.#serveQueue();
    // Before any is refused, those are served for whom there is room, even where it is the turn of another worker's.
    if (this.#queue.isOverfull) this.#serveQueue(false);
    this.#queue.refuseVain();
  }

  /** Takes a lease over from an earlier group. */
  #moveHere(lease: UpstreamLease, previous: UpstreamGroup): void {
    lease.moveTo(this);
    // The key was made for another `hash_key`: it means nothing here.
    if (!isEqual(previous.keySource, this.keySource)) lease.keyCounts = false;
  }

  #onFree(at: number): void {
    this.#members.freed(at);
    this.#choice.changed(at);
    if (this.#makesRoom) return;
    if (this.#side !== undefined) this.#side.freed();
    else if (this.#queue.length > 0) this.#serveQueue();
    this.#restWhenDraining();
  }

  #listen(): void {
    const backends = this.members.map(({ backend }) => backend);
    this.#listeners.begin(backends, this, (at) => {
      this.#onFree(at);
    });
  }

  #restWhenDraining(): void {
    if (this.#draining && this.#queue.length === 0) this.#listeners.end();
  }

  /** Gives a lease a member of this group. If none can serve it: a member of the successor, or a place in the queue. */
  #serve(lease: UpstreamLease, atOnce?: boolean): void {
    const mustWait = this.#side !== undefined && lease.tried === undefined && this.#side.mustWait();
    this.#passedOver.isChoosing = true;
    const member = mustWait ? this.#members.takeBesideRequests(lease, undefined) : this.#pick(lease);
    this.#passedOver.chosen(lease.request, member);
    if (member !== undefined) {
      lease.begin(member, atOnce);
      return;
    }
    const successor = this.#succession.current;
    if (successor !== undefined && successor !== this && successor.#serves(lease)) {
      successor.#moveHere(lease, this);
      translateTried(lease, successor.#members);
      successor.#serve(lease, atOnce);
    } else if (lease.request.isSpare !== true && this.#queue.join(lease)) {
      if (this.#draining) this.#listen();
      this.#side?.joined();
    } else this.#lastResort(lease, atOnce);
  }

  /** No member that is up can serve the lease. If it could not be connected to one of them, the checks are behind what happens. */
  #lastResort(lease: UpstreamLease, atOnce?: boolean): void {
    const member = lease.lastError && this.#members.lastResort(lease);
    if (member === undefined) this.#queue.refuse(lease);
    else lease.begin(member, atOnce);
  }

  /** Whether the protocol of that lease uses this upstream. Other protocols may not be understood by its backends. */
  #serves({ protocol }: UpstreamLease): boolean {
    return protocol === undefined || this.#protocols.has(protocol);
  }

  /** A member with a place for the lease, which has been taken. Members that failed its request before come last. */
  #pick(lease: UpstreamLease): Member | undefined {
    const exclude = triedOrAvoided(lease, this.#members);
    const preferred = exclude && this.#pickBut(exclude, lease);
    if (preferred !== undefined || lease.request.isSpare === true) return preferred;
    return this.#pickBut(lease.tried, lease);
  }

  #pickBut(exclude: ReadonlySet<Member> | undefined, lease: UpstreamLease): Member | undefined {
    // It does not listen to its members then.
    if (this.#draining && !this.#listeners.areOn) {
      this.#members.lookAtAll();
      this.#choice.lookAtAll();
    }
    for (;;) {
      const picked = this.#choice.pick(lease, exclude);
      const member = picked ?? this.#members.takeBesideRequests(lease, exclude);
      // Where the last place was taken meanwhile, the next choice is another one.
      if (member !== picked || picked?.reserve(lease.use, lease.request.fresh) === true) return member;
      if (member === undefined && !this.#makeRoom(exclude)) return undefined;
    }
  }

  /** Ends a pinned lease that rests, to make room. Without this, a client could take all places of a backend by pinning sockets and being silent. */
  #makeRoom(exclude: ReadonlySet<Member> | undefined): boolean {
    this.#makesRoom = true;
    const made = this.#members.makeRoom(exclude);
    this.#makesRoom = false;
    return made;
  }

  /** @param inTurn whether a lease waits for those of other workers that came before */
  #serveQueue(inTurn = true): void {
    for (;;) {
      const lease = this.#queue.first();
      if (lease === undefined) return;
      if (inTurn && this.#side !== undefined && !this.#side.mayServe(this.#queue.firstSinceMs)) return;
      const member = this.#pick(lease);
      if (member === undefined) return;
      this.#queue.leave(lease, 'served');
      lease.begin(member);
    }
  }
}
