import type { BalanceError, ErrorCode } from '../../errors.ts';
import { callPlugin, isPromise } from '../../net/faults/plugin-call.ts';
import type { ScopedResource, LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { SocketTransport } from '../../net/transport/socket-transport.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, SocketUse } from '../../plugin-api/index.ts';
import type { BackendState, RestingLease } from '../backend/backend-state.ts';
import type { Member } from './member.ts';
import type { ChannelPool, PoolWaiter } from '../pool/channel-pool.ts';
import { PinnedSocket } from '../pool/pinned-socket.ts';
import type { PooledSocket, SocketHolder } from '../pool/pooled-socket.ts';
import type { UpstreamObserver } from './upstream-observer.ts';

/** A request as a plugin may bring it: callbacks that should be done when they return may give a promise instead. */
interface AnyRequest {
  leased(lease: Lease): unknown;
  refused(error: BalanceError): unknown;
  connectFailed?(backend: Backend, error: BalanceError): unknown;
}

/** What has to stay for as long as a lease runs. */
export interface LeaseHome {
  hold(): void;
  release(): void;
}

/** What a lease needs of the upstream that it belongs to. */
export interface LeaseOwner {
  readonly onFault: FaultHandler;
  readonly observer: UpstreamObserver | undefined;
  readonly home: LeaseHome | undefined;
  /** Connecting to the member failed: choose another one, or refuse. */
  connectFailed(lease: UpstreamLease, member: Member, error: BalanceError): void;
  /** The lease is no longer wanted while it waits. */
  cancelled(lease: UpstreamLease): void;
}

/**
 * A lease from the moment it is asked for until it ends: one object for a request's whole way through the upstream. It ends with
 * its socket, and with its client's connection or the protocol instance that asked, whatever the protocol forgets.
 */
export class UpstreamLease
  implements Lease, PendingLease, PoolWaiter, SocketHolder, ScopedResource, RestingLease
{
  readonly request: LeaseRequest;
  readonly use: SocketUse;
  /** The protocol that asked; undefined where any upstream may serve the lease. */
  readonly protocol: string | undefined;
  /** Members that could not be connected to. */
  tried: Set<Member> | undefined = undefined;
  lastError: BalanceError | undefined = undefined;
  lastTried: BackendState | undefined = undefined;
  /** False once an edit chooses by another key than the one that the request has. */
  keyCounts = true;
  #owner: LeaseOwner;
  /** Of an owner that it moved to. Its first one stays by itself, as the protocol instance that asked holds it. */
  #home: LeaseHome | undefined = undefined;
  /** Of the connection or instance that it is held by. */
  readonly #scope: LifetimeScope | undefined;
  #member: Member | undefined = undefined;
  #pool: ChannelPool | undefined = undefined;
  #socket: PooledSocket | undefined = undefined;
  /** Set once the socket was pinned to one client. */
  #pinned: PinnedSocket | undefined = undefined;
  /** When it got its channel, by `performance.now()`. 0 where nobody wants to know, and while it rests. */
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

  get backend(): BackendState {
    if (this.#member === undefined) throw new Error('the lease has no backend yet');
    return this.#member.backend;
  }

  get channel(): SocketTransport {
    if (this.#socket === undefined) throw new Error('the lease has no channel');
    return this.#socket.stream;
  }

  get reused(): boolean {
    return this.#socket !== undefined && this.#socket.uses > 1;
  }

  /** A backend is chosen: takes a channel from its pool. `atOnce`: one that is there already is handed over before this returns. */
  begin(member: Member, atOnce = false): void {
    this.#member = member;
    const { backend } = member;
    this.lastTried = backend;
    backend.active += 1;
    const { fresh } = this.request;
    if (fresh && this.tried === undefined) backend.resends += 1;
    const pool = fresh ? member.fresh : member.pool(this.use);
    this.#pool = pool;
    pool.take(this, atOnce);
  }

  /** An edit put another owner in the place of the one that it waits at. */
  moveTo(owner: LeaseOwner): void {
    this.#owner = owner;
    owner.home?.hold();
    this.#home?.release();
    this.#home = owner.home;
  }

  taken(socket: PooledSocket): void {
    this.#socket = socket;
    if (this.#cancelled) {
      this.#finish(socket, Number.POSITIVE_INFINITY);
      return;
    }
    this.#answered = true;
    socket.holder = this;
    this.#readClock();
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
    if (member === undefined) return;
    member.backend.leaseEnded();
    // No backend is to blame for what this process lacks.
    if (error.origin !== 'upstream') this.lastTried = undefined;
    if (!this.#cancelled) this.#tellOfFailure(member, error);
    // The protocol may have cancelled the lease when it heard that.
    if (this.#isCancelled) this.#leave();
    else this.#owner.connectFailed(this, member, error);
  }

  refuse(error: BalanceError): void {
    if (this.#cancelled || this.#answered) return;
    this.#answered = true;
    this.#leave();
    const request: AnyRequest = this.request;
    callPlugin(
      () => request.refused(error),
      (fault) => {
        this.#owner.onFault(fault, this.request, this);
      },
    );
  }

  cancel(): void {
    if (this.#answered || this.#cancelled) return;
    this.#cancelled = true;
    if (this.#member !== undefined) return;
    this.#owner.cancelled(this);
    this.#leave();
  }

  end(error: ErrorCode | undefined, status: number, idleMs: number): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isOver) return;
    if (this.#exchangeSinceMs !== 0) this.#observe(error, status);
    this.#finish(socket, error === undefined ? idleMs : 0);
  }

  leavePool(): void {
    const socket = this.#socket;
    const member = this.#member;
    if (socket === undefined || member === undefined || this.#isOver || this.#pool === member.fresh) return;
    this.#pool?.forget(socket);
    this.#pool = member.fresh;
    member.backend.noteChange();
  }

  pin(status: number, idleMs: number): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isOver) return;
    if (this.#exchangeSinceMs !== 0) this.#observe(undefined, status);
    this.leavePool();
    if (this.#pinned === undefined) this.backend.pinned += 1;
    // An exchange holds what it uses. Between exchanges an edit may let go of all of it.
    this.#leaveHome();
    this.#pinned = new PinnedSocket(this, socket, idleMs);
    this.backend.resting.add(this);
    // A lease that waits for a place comes before a socket that rests.
    this.backend.noteChange();
  }

  resume(): boolean {
    const socket = this.#socket;
    if (socket === undefined || this.#pinned === undefined || this.#isOver) return false;
    if (!this.#pinned.isUsable) {
      this.#finish(socket, 0);
      return false;
    }
    this.backend.resting.delete(this);
    socket.uses += 1;
    this.backend.reused += 1;
    this.#readClock();
    return true;
  }

  socketGone(): void {
    this.end('backend_reset', 0, 0);
  }

  destroy(): void {
    this.cancel();
    this.end('client_abort', 0, 0);
  }

  get #isCancelled(): boolean {
    return this.#cancelled;
  }

  /** The time of an exchange is taken only where somebody wants to know it. */
  #readClock(): void {
    if (this.#owner.observer?.exchanged !== undefined) this.#exchangeSinceMs = performance.now();
  }

  #observe(error: ErrorCode | undefined, status: number): void {
    const heldMs = performance.now() - this.#exchangeSinceMs;
    // What ends a pinned lease between two exchanges is no outcome.
    this.#exchangeSinceMs = 0;
    if (this.#member !== undefined) this.#owner.observer?.exchanged?.(this.#member, error, status, heldMs);
  }

  #tellOfFailure({ backend }: Member, error: BalanceError): void {
    const request: AnyRequest = this.request;
    callPlugin(
      () => request.connectFailed?.(backend, error),
      (fault) => {
        this.#owner.onFault(fault, this.request, this);
      },
    );
  }

  /** A protocol that fails when it gets a lease loses it, and the connection that it was for. */
  #failed(error: unknown): void {
    this.#owner.onFault(error, this.request, this);
    this.end('plugin_failed', 0, 0);
    this.request.heldBy?.transport.destroy();
  }

  /** The backend hears of it last, so that a lease that waits finds the socket. */
  #finish(socket: PooledSocket, idleMs: number): void {
    const member = this.#member;
    // From here on the channel may belong to another lease.
    if (idleMs !== 0) this.#socket = undefined;
    this.#pool?.release(socket, idleMs);
    this.#isOver = true;
    socket.holder = undefined;
    if (this.#pinned !== undefined) {
      this.backend.pinned -= 1;
      this.backend.resting.delete(this);
    }
    member?.backend.leaseEnded();
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
