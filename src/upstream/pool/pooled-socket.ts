import type { BalanceError } from '../../errors.ts';
import type { FaultOwner } from '../../net/faults/plugin-fault.ts';
import type { SocketTransport } from '../../net/transport/socket-transport.ts';
import type { StreamReader } from '../../plugin-api/index.ts';

/** The lease that has a socket. */
export interface SocketHolder extends FaultOwner {
  /** The socket is closed, and its reader has been told. */
  socketGone(socket: PooledSocket): void;
}

/** A socket to a backend, and the reader of its stream while no lease has it. */
export class PooledSocket implements StreamReader, FaultOwner {
  readonly stream: SocketTransport;
  readonly createdAtMs = performance.now();
  /** Exchanges that were begun on it. */
  uses = 0;
  leased = false;
  /** Its server ended it before its one use: until this time (`performance.now()`) it keeps its place in the pool empty. 0: not ended. */
  emptyUntilMs = 0;
  /** Its lease, which is told once that the socket is gone; undefined while it is not leased. */
  holder: SocketHolder | undefined;
  /** True when no lease used it since the pool looked last. */
  isCool = false;
  /** When it came back, exact to the interval in which the pool looks. */
  idleSinceMs = this.createdAtMs;
  /** The backend's name no longer has the address that this socket is connected to: it finishes its exchange and serves no other one. */
  isOutdated = false;
  /** The IP address that it is connected to, where that can change. */
  readonly #ip: string | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(stream: SocketTransport, ip?: string) {
    this.stream = stream;
    stream.faultOwner = this;
    this.#ip = ip;
  }

  get plugin(): string | undefined {
    return this.holder?.plugin;
  }

  get listener(): string | undefined {
    return this.holder?.listener;
  }

  /** The name of its backend has these addresses now. */
  addressesChanged(addresses: readonly string[]): void {
    this.isOutdated = this.#ip !== undefined && !addresses.includes(this.#ip);
  }

  /** Back in the pool, for at most `idleMs`: from now on any byte condemns the socket. */
  rest(idleMs: number): void {
    this.isCool = false;
    // The clock is only read where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    this.stream.read(this);
  }

  /** True once the backend may close it at any moment. */
  get isOverdue(): boolean {
    return this.#dueAtMs !== Number.POSITIVE_INFINITY && performance.now() > this.#dueAtMs;
  }

  data(): void {
    // No request asked for these bytes: they must never reach the next exchange.
    this.stream.destroy();
  }

  end(): void {
    this.stream.destroy();
  }

  drained(): void {
    // Nothing is written to a resting socket.
  }

  closed(): void {
    // The pool finds it stale when it takes it out, or when it looks next.
  }
}

/**
 * What a pool holds in place of a socket where connecting failed. generic-pool retries without a pause when `create` rejects, so the
 * failure itself becomes the resource: it is given out, and thrown away.
 */
export class FailedSocket {
  readonly error: BalanceError;
  /** The number of this failure among those of the pool: tells old ones from new ones. */
  readonly sequence: number;

  constructor(error: BalanceError, sequence: number) {
    this.error = error;
    this.sequence = sequence;
  }
}
