import type { BalanceError } from '../errors.ts';
import type { DialOptions } from '../net/dial.ts';
import type { SocketStream } from '../net/socket-stream.ts';
import type { Lease, LeaseRequest, PendingLease, SocketUse } from '../plugin-api/index.ts';
import type { BackendState } from './backend-state.ts';
import type { Member } from './member.ts';
import type { PooledSocket } from './pooled-socket.ts';
import { connectTo, type SocketPool } from './socket-pool.ts';
import type { SocketTaker } from './socket-taker.ts';

/** What a lease tells the upstream that it belongs to. */
export interface LeaseOwner {
  /** Connecting to the member failed: choose another one, or refuse. */
  connectFailed(lease: SocketLease, member: Member, error: BalanceError): void;
  /** The lease is no longer wanted while it waits. */
  cancelled(lease: SocketLease): void;
}

/** A lease from the moment it is asked for until it is given back: one object for a request's whole way through the upstream. */
export class SocketLease implements Lease, PendingLease, SocketTaker {
  readonly request: LeaseRequest;
  readonly use: SocketUse;
  /** Members that could not be connected to. */
  tried: Set<Member> | undefined;
  lastError: BalanceError | undefined;
  readonly #owner: LeaseOwner;
  readonly #dialOptions: DialOptions;
  #member: Member | undefined;
  #pool: SocketPool | undefined;
  #socket: PooledSocket | undefined;
  #cancelled = false;
  #answered = false;

  constructor(owner: LeaseOwner, request: LeaseRequest, use: SocketUse, dialOptions: DialOptions) {
    this.#owner = owner;
    this.request = request;
    this.use = use;
    this.#dialOptions = dialOptions;
  }

  get backend(): BackendState {
    if (this.#member === undefined) throw new Error('the lease has no backend yet');
    return this.#member.backend;
  }

  get stream(): SocketStream {
    if (this.#socket === undefined) throw new Error('the lease has no socket');
    return this.#socket.stream;
  }

  get reused(): boolean {
    return this.#socket !== undefined && this.#socket.uses > 1;
  }

  /** A backend is chosen: get a socket to it. `atOnce`: one that is there already is handed over before this returns. */
  begin(member: Member, atOnce = false): void {
    this.#member = member;
    member.backend.active += 1;
    if (this.request.fresh && this.tried === undefined) member.backend.resends += 1;
    this.#pool = this.request.fresh ? undefined : member.pool(this.use);
    if (this.#pool !== undefined) {
      this.#pool.take(this, atOnce);
      return;
    }
    connectTo(member.backend, this.#dialOptions).then(
      (socket) => {
        socket.uses = 1;
        this.taken(socket);
      },
      (error: unknown) => {
        this.failed(error as BalanceError);
      },
    );
  }

  taken(socket: PooledSocket): void {
    this.#socket = socket;
    if (this.#cancelled) {
      this.release();
      return;
    }
    this.#answered = true;
    try {
      this.request.leased(this);
    } catch (error) {
      // A protocol that fails loses its lease, and nothing else happens.
      this.#dialOptions.onFault(error, this.request);
      this.discard();
    }
  }

  failed(error: BalanceError): void {
    const member = this.#member;
    this.#member = undefined;
    if (member === undefined) return;
    member.backend.leaseEnded();
    if (!this.#cancelled) this.#owner.connectFailed(this, member, error);
  }

  refuse(error: BalanceError): void {
    if (this.#cancelled || this.#answered) return;
    this.#answered = true;
    try {
      this.request.refused(error);
    } catch (fault) {
      this.#dialOptions.onFault(fault, this.request);
    }
  }

  cancel(): void {
    if (this.#answered || this.#cancelled) return;
    this.#cancelled = true;
    if (this.#member === undefined) this.#owner.cancelled(this);
  }

  release(idleMs?: number): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    if (this.#pool !== undefined) this.#pool.giveBack(socket, idleMs);
    else socket.stream.destroy();
    // Last, so that one who waits finds the socket.
    this.#member?.backend.leaseEnded();
  }

  detach(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#pool === undefined) return;
    this.#pool.detach(socket);
    this.#pool = undefined;
    this.#member?.backend.noteChange();
  }

  discard(error?: Error): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    if (!socket.stream.destroyed) socket.stream.destroy(error);
    this.#pool?.discard(socket);
    this.#member?.backend.leaseEnded();
  }
}
