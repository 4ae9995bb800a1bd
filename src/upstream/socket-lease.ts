import type { BalanceError, ErrorCode } from '../errors.ts';
import type { DialOptions } from '../net/dial/dial.ts';
import { callOut } from '../net/faults/call-out.ts';
import type { ScopedResource, LifetimeScope } from '../net/resources/lifetime-scope.ts';
import { isPromise } from '../net/faults/is-promise.ts';
import type { SocketTransport } from '../net/transport/socket-transport.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, SocketUse } from '../plugin-api/index.ts';
import type { BackendState } from './backend-state.ts';
import { connectTo } from './pool/connect-to.ts';
import { KeptSocket } from './pool/kept-socket.ts';
import type { Member } from './member.ts';
import type { PooledSocket, SocketHolder } from './pool/pooled-socket.ts';
import type { SocketPool } from './pool/socket-pool.ts';
import type { SocketTaker } from './pool/socket-taker.ts';

/** A request as a plugin may bring it: callbacks that should be done when they return may give a promise instead. */
interface AnyRequest {
  leased(lease: Lease): unknown;
  refused(error: BalanceError): unknown;
  connectFailed?(backend: Backend, error: BalanceError): unknown;
}

/** What has to stay as long as a lease runs. */
export interface LeaseHome {
  hold(): void;
  letGo(): void;
}

/** What a lease tells the upstream that it belongs to. */
export interface LeaseOwner {
  readonly dial: DialOptions;
  readonly home: LeaseHome | undefined;
  /** Connecting to the member failed: choose another one, or refuse. */
  connectFailed(lease: SocketLease, member: Member, error: BalanceError): void;
  /** The lease is no longer wanted while it waits. */
  cancelled(lease: SocketLease): void;
}

/**
 * A lease from the moment it is asked for until it is given back: one object for a request's whole way through the upstream.
 * It ends with its socket, and with whoever it is held by, whatever the protocol does about it.
 */
export class SocketLease implements Lease, PendingLease, SocketTaker, SocketHolder, ScopedResource {
  readonly request: LeaseRequest;
  readonly use: SocketUse;
  /** Of the one who asks; undefined where any does. */
  readonly protocol: string | undefined;
  /** Members that could not be connected to. */
  tried: Set<Member> | undefined;
  lastError: BalanceError | undefined;
  lastTried: BackendState | undefined;
  /** False once an edit chooses by another key than the one that the request has. */
  keyCounts = true;
  #owner: LeaseOwner;
  /** Of an owner that it moved to. Its first one stays by itself, as the protocol instance that asked holds it. */
  #home: LeaseHome | undefined;
  /** Of the connection or instance that it is held by. */
  readonly #scope: LifetimeScope | undefined;
  #member: Member | undefined;
  #pool: SocketPool | undefined;
  #socket: PooledSocket | undefined;
  /** Set once the socket was kept for one client. */
  #kept: KeptSocket | undefined;
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

  /** A backend is chosen: get a socket to it. `atOnce`: one that is there already is handed over before this returns. */
  begin(member: Member, atOnce = false): void {
    this.#member = member;
    this.lastTried = member.backend;
    member.backend.active += 1;
    if (this.request.fresh && this.tried === undefined) member.backend.resends += 1;
    const pool = this.request.fresh ? undefined : member.pool(this.use);
    this.#pool = pool;
    if (pool?.takeResting(this, atOnce) !== true) this.#connect(member, pool);
  }

  /** An edit put another owner in the place of the one that it waits at. */
  moveTo(owner: LeaseOwner): void {
    this.#owner = owner;
    owner.home?.hold();
    this.#home?.letGo();
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
    // The protocol may have lost interest when it heard that.
    if (this.#isCancelled) this.#leave();
    else this.#owner.connectFailed(this, member, error);
  }

  refuse(error: BalanceError): void {
    if (this.#cancelled || this.#answered) return;
    this.#answered = true;
    this.#leave();
    const request: AnyRequest = this.request;
    callOut(
      () => request.refused(error),
      (fault) => {
        this.#owner.dial.onFault(fault, this.request, this);
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

  end(error: ErrorCode | undefined, _status: number, idleMs: number): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isOver) return;
    this.#finish(socket, error === undefined ? idleMs : 0);
  }

  leavePool(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#pool === undefined || this.#isOver) return;
    this.#pool.detach(socket);
    this.#pool = undefined;
    this.#member?.backend.noteChange();
  }

  pin(_status: number, idleMs: number): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isOver) return;
    this.leavePool();
    if (this.#kept === undefined) this.backend.kept += 1;
    // An exchange holds what it uses; in between, an edit may let go of all.
    this.#leaveHome();
    this.#kept = new KeptSocket(this, socket, idleMs);
    this.backend.resting.add(this);
    // Whoever waits for a place is worth more than a socket that rests.
    this.backend.noteChange();
  }

  resume(): boolean {
    const socket = this.#socket;
    if (socket === undefined || this.#kept === undefined || this.#isOver) return false;
    if (!this.#kept.isUsable) {
      this.#finish(socket, 0);
      return false;
    }
    this.backend.resting.delete(this);
    socket.uses += 1;
    this.backend.reused += 1;
    return true;
  }

  discard(): void {
    this.end(undefined, 0, 0);
  }

  socketGone(): void {
    this.end('backend_reset', 0, 0);
  }

  reclaim(): void {
    this.cancel();
    this.end('client_abort', 0, 0);
  }

  get #isCancelled(): boolean {
    return this.#cancelled;
  }

  #connect(member: Member, pool: SocketPool | undefined): void {
    if (pool !== undefined) {
      pool.wait(this);
      return;
    }
    connectTo(member.backend, this.#owner.dial).then(
      (socket) => {
        socket.uses = 1;
        this.taken(socket);
      },
      (error: unknown) => {
        this.failed(error as BalanceError);
      },
    );
  }

  #tellOfFailure({ backend }: Member, error: BalanceError): void {
    const request: AnyRequest = this.request;
    callOut(
      () => request.connectFailed?.(backend, error),
      (fault) => {
        this.#owner.dial.onFault(fault, this.request, this);
      },
    );
  }

  /** A protocol that fails when it gets a lease loses it, and the connection that it was for. */
  #failed(error: unknown): void {
    this.#owner.dial.onFault(error, this.request, this);
    this.end('plugin_failed', 0, 0);
    this.request.heldBy?.stream.destroy();
  }

  /** The backend hears of it last, so that one who waits finds the socket. */
  #finish(socket: PooledSocket, idleMs: number): void {
    if (idleMs === 0) {
      if (!socket.stream.destroyed) socket.stream.destroy();
      this.#pool?.discard(socket);
    } else {
      // From here on its stream is somebody else's.
      this.#socket = undefined;
      if (this.#pool !== undefined) this.#pool.giveBack(socket, idleMs);
      else socket.stream.destroy();
    }
    this.#isOver = true;
    socket.holder = undefined;
    if (this.#kept !== undefined) {
      this.backend.kept -= 1;
      this.backend.resting.delete(this);
    }
    this.#member?.backend.leaseEnded();
    if (this.#home !== undefined || this.#scope !== undefined) this.#leave();
  }

  #leave(): void {
    this.#scope?.delete(this);
    this.#leaveHome();
  }

  #leaveHome(): void {
    const home = this.#home;
    this.#home = undefined;
    home?.letGo();
  }
}
