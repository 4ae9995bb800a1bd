import type { BalanceError, ErrorCode } from '../../errors.ts';
import { isPromise } from '../../net/faults/plugin-call.ts';
import type { ScopedResource, LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { Lease, LeaseRequest, PendingLease, SocketUse, Transport } from '../../plugin-api/index.ts';
import type { BackendState, RestingLease } from '../backend/backend-state.ts';
import { tellConnectFailed, tellRefused, type AnyRequest } from './lease-calls.ts';
import { blamedOn } from '../standing/lease-verdict.ts';
import type { Member } from './member.ts';
import type { Channel, ChannelHolder } from '../pool/channel.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from '../pool/channel-pool.ts';
import { PinnedChannel } from '../pool/pinned-channel.ts';
import { KEPT } from '../stickiness/sessions.ts';
import type { UpstreamObserver } from './upstream-observer.ts';
import type { LeaseHome } from './upstream-options.ts';

/** The methods of its upstream that a lease calls. */
export interface LeaseOwner {
  readonly onFault: FaultHandler;
  readonly observer: UpstreamObserver | undefined;
  readonly home: LeaseHome | undefined;
  /** Name of the upstream. */
  readonly name: string;
  /** Connecting to the member failed: choose another one, or refuse the lease. */
  connectFailed(lease: UpstreamLease, member: Member, error: BalanceError): void;
  /** The lease was cancelled while it waited. */
  cancelled(lease: UpstreamLease): void;
}

/**
 * A lease from the moment it is asked for until it ends: one object for the whole way of a request through the upstream. It ends at the
 * latest with its channel, and with its client's connection or the protocol instance, even if the protocol forgets to end it.
 */
export class UpstreamLease
  implements Lease, PendingLease, PoolWaiter, ChannelHolder, ScopedResource, RestingLease
{
  readonly request: LeaseRequest;
  readonly use: SocketUse;
  /** The protocol that asked; undefined where any upstream may serve the lease. */
  readonly protocol: string | undefined;
  /** Members that could not be connected to. */
  tried: Set<Member> | undefined = undefined;
  lastError: BalanceError | undefined = undefined;
  /** How many backends it tried that fail their checks. */
  resorts = 0;
  lastTried: BackendState | undefined = undefined;
  /** False once an edit has changed `hash_key`, so that the key of the request no longer counts. */
  keyCounts = true;
  sticky: Lease['sticky'] = undefined;
  /** What was first said of a client that came to belong to a member by this lease; undefined where it does not, or belonged there before. */
  firstStickiness: Lease['sticky'] = undefined;
  #owner: LeaseOwner;
  /** The upstream that the lease moved to. Its first upstream needs no reference: the protocol instance holds that one. */
  #home: LeaseHome | undefined = undefined;
  /** The scope of the connection or instance that it ends with. */
  readonly #scope: LifetimeScope | undefined;
  #member: Member | undefined = undefined;
  #pool: ChannelPool | undefined = undefined;
  #channel: Channel | undefined = undefined;
  /** Set while a connection is made for it. */
  #pending: PendingTake | undefined = undefined;
  /** Set once the channel was pinned to one client. */
  #pinned: PinnedChannel | undefined = undefined;
  /** Whether it has a place that a half-open breaker gave it. */
  #isProbe = false;
  /** Whether it counts as a request of its member's limit. */
  #isRequest = false;
  /** Whether the head of a response came in the present exchange; kept only when somebody asks for the time. */
  #isAnswered = false;
  /** When it got its channel, by `performance.now()`. 0 while it rests, and when nobody asks for the time. */
  #exchangeSinceMs = 0;
  #cancelled = false;
  #answered = false;
  #isOver = false;

  constructor(
    owner: LeaseOwner,
    request: LeaseRequest,
    use: SocketUse,
    protocol?: string,
    scope?: LifetimeScope,
  ) {
    this.#owner = owner;
    this.request = request;
    this.use = use;
    this.protocol = protocol;
    this.#scope = scope;
    scope?.add(this);
  }

  get plugin(): string | undefined {
    return this.protocol;
  }

  get listener(): string | undefined {
    return this.request.heldBy?.listener;
  }

  get upstream(): string {
    return this.#owner.name;
  }

  get client(): Transport | undefined {
    return this.request.heldBy?.transport;
  }

  get backend(): BackendState {
    if (this.#member === undefined) throw new Error('the lease has no backend yet');
    return this.#member.backend;
  }

  get channel(): Transport {
    if (this.#channel === undefined) throw new Error('the lease has no channel');
    return this.#channel.stream;
  }

  get reused(): boolean {
    return this.#channel !== undefined && this.#channel.uses > 1;
  }

  /** A member is chosen: takes a channel from its pool. With `atOnce`, an idle channel is handed over before this returns. */
  begin(member: Member, atOnce = false): void {
    this.#member = member;
    const { backend } = member;
    this.lastTried = backend;
    backend.active += 1;
    this.#isProbe = member.breaker?.begin() === true;
    this.#isRequest = member.requests !== undefined && this.use === 'keep-alive';
    const { fresh } = this.request;
    if (fresh && this.tried === undefined) backend.resends += 1;
    const pool = fresh ? member.fresh : member.pool(this.use);
    this.#pool = pool;
    this.#pending = pool.take(this, atOnce);
  }

  /** An edit replaced the owner while the lease waited. */
  moveTo(owner: LeaseOwner): void {
    this.#owner = owner;
    owner.home?.hold();
    this.#home?.release();
    this.#home = owner.home;
  }

  taken(channel: Channel): void {
    this.#channel = channel;
    this.#pending = undefined;
    if (this.#cancelled) {
      this.#finish(channel, Number.POSITIVE_INFINITY);
      return;
    }
    this.#answered = true;
    channel.holder = this;
    this.#readClock();
    if (this.#isProbe && this.use === 'once') this.#tunnelBegan();
    try {
      const request: AnyRequest = this.request;
      const result = request.leased(this);
      if (isPromise(result)) {
        result.then(undefined, (error: unknown) => {
          this.#failed(error);
        });
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  failed(error: BalanceError): void {
    const member = this.#member;
    this.#member = undefined;
    this.#pending = undefined;
    if (member === undefined) return;
    if (error.origin === 'upstream') {
      member.outcomes?.connectFailed(error);
      member.breaker?.ended(error.code, 0, this.#isProbe);
    }
    // This process lacks a resource: no backend is to blame.
    else this.lastTried = undefined;
    member.leaseEnded(this.#isProbe, this.#isRequest);
    if (!this.#cancelled) this.#tellOfFailure(member, error);
    // The protocol may have cancelled the lease in `connectFailed`.
    if (this.#isCancelled) this.#leave();
    else this.#owner.connectFailed(this, member, error);
  }

  refuse(error: BalanceError): void {
    if (this.#cancelled || this.#answered) return;
    this.#answered = true;
    this.#leave();
    tellRefused(this.request, error, (fault) => {
      this.#owner.onFault(fault, this.request, this);
    });
  }

  cancel(): void {
    if (this.#answered || this.#cancelled) return;
    this.#cancelled = true;
    const member = this.#member;
    if (member === undefined) this.#owner.cancelled(this);
    // It is about to get an idle channel, which then goes back.
    else if (this.#pending === undefined) return;
    else {
      this.#pending.destroy();
      this.#pending = undefined;
      this.#member = undefined;
      member.leaseEnded(this.#isProbe, this.#isRequest);
    }
    this.#leave();
  }

  end(error: ErrorCode | undefined, status: number, idleMs: number): void {
    const channel = this.#channel;
    if (channel === undefined || this.#isOver) return;
    if (this.#exchangeSinceMs !== 0) this.#observe(error, status);
    this.#finish(channel, error === undefined ? idleMs : 0);
  }

  leavePool(): void {
    const channel = this.#channel;
    const member = this.#member;
    if (channel === undefined || member === undefined || this.#isOver) return;
    this.#tunnelBegan();
    if (this.#pool !== member.fresh) this.#pool?.forget(channel);
    this.#pool = member.fresh;
    member.backend.noteChange();
  }

  pin(status: number, idleMs: number): void {
    const channel = this.#channel;
    if (channel === undefined || this.#isOver) return;
    if (this.#exchangeSinceMs !== 0) this.#observe(undefined, status);
    this.#settle();
    this.leavePool();
    if (this.#pinned === undefined) this.backend.pinned += 1;
    // Only an exchange needs its upstream. Between exchanges an edit may release everything.
    this.#leaveHome();
    this.#pinned = new PinnedChannel(this, channel, idleMs);
    this.backend.beginRest(this);
    // A waiting lease may take the place of this channel.
    this.backend.noteChange();
  }

  resume(): boolean {
    const channel = this.#channel;
    if (channel === undefined || this.#pinned === undefined || this.#isOver) return false;
    if (!this.#pinned.isUsable) {
      this.#finish(channel, 0);
      return false;
    }
    this.backend.endRest(this);
    channel.uses += 1;
    this.backend.reused += 1;
    const requests = this.use === 'keep-alive' ? this.#member?.requests : undefined;
    requests?.takeAnyway();
    this.#isRequest = requests !== undefined;
    // The response before gave the client its cookie.
    if (this.firstStickiness !== undefined) this.sticky = KEPT;
    this.#readClock();
    return true;
  }

  channelGone(): void {
    this.end('backend_reset', 0, 0);
  }

  destroy(): void {
    this.cancel();
    this.end('client_abort', 0, 0);
  }

  responded(status: number): void {
    if (this.#exchangeSinceMs === 0) return;
    this.#isAnswered = true;
    this.#member?.outcomes?.responded?.(performance.now() - this.#exchangeSinceMs, status);
  }

  get #isCancelled(): boolean {
    return this.#cancelled;
  }

  /** Notes the time at which an exchange begins, if anybody asks for its outcome. */
  #readClock(): void {
    const { outcomes, breaker } = this.#member ?? {};
    if (outcomes !== undefined || breaker !== undefined) this.#exchangeSinceMs = performance.now();
    this.#isAnswered = false;
  }

  #observe(error: ErrorCode | undefined, status: number): void {
    const heldMs = performance.now() - this.#exchangeSinceMs;
    // A pinned lease that ends between two exchanges has no outcome.
    this.#exchangeSinceMs = 0;
    const member = this.#member;
    const blamed = blamedOn(error, status, this.reused && !this.#isAnswered);
    member?.outcomes?.ended(blamed, status, heldMs);
    member?.breaker?.ended(blamed, status, this.#isProbe);
    if (error === 'backend_reset') member?.connectionBroke();
  }

  /** The channel serves one client, perhaps for hours: that it is there has to show a half-open breaker that the backend works. */
  #tunnelBegan(): void {
    if (this.#isProbe) this.#member?.breaker?.ended(undefined, 0, true);
    this.#settle();
  }

  /** Gives back what counts the lease as a request of its member, or as a try of a half-open breaker. */
  #settle(): void {
    this.#member?.leaseSettled(this.#isProbe, this.#isRequest);
    this.#isProbe = false;
    this.#isRequest = false;
  }

  #tellOfFailure({ backend }: Member, error: BalanceError): void {
    tellConnectFailed(this.request, backend, error, (fault) => {
      this.#owner.onFault(fault, this.request, this);
    });
  }

  /** The protocol threw when it got the lease: ends the lease, and the connection that it was for. */
  #failed(error: unknown): void {
    this.#owner.onFault(error, this.request, this);
    this.end('plugin_failed', 0, 0);
    this.request.heldBy?.transport.destroy();
  }

  /** Releases the channel before the backend is told, so that a waiting lease finds the channel in the pool. */
  #finish(channel: Channel, idleMs: number): void {
    const member = this.#member;
    // From here on the channel may belong to another lease.
    if (idleMs !== 0) this.#channel = undefined;
    this.#pool?.release(channel, idleMs);
    this.#isOver = true;
    if (this.#pinned !== undefined) {
      this.backend.pinned -= 1;
      this.backend.endRest(this);
    }
    if (member !== undefined) member.leaseEnded(this.#isProbe, this.#isRequest);
    if (this.#home !== undefined || this.#scope !== undefined) this.#leave();
  }

  #leave(): void {
    this.#scope?.delete(this);
    this.#leaveHome();
  }

  #leaveHome(): void {
    const home = this.#home;
    this.#home = undefined;
    home?.release();
  }
}
