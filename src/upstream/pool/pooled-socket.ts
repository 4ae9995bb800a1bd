import type { BalanceError } from '../../errors.ts';
import type { FaultOwner } from '../../net/faults/plugin-fault.ts';
import type { SocketTransport } from '../../net/transport/socket-transport.ts';
import type { StreamReader } from '../../plugin-api/index.ts';

/** Whoever leased a socket. */
export interface SocketHolder extends FaultOwner {
  /** The socket is closed, and its reader knows. */
  socketGone(socket: PooledSocket): void;
}

/** A socket in a pool, and the reader of its stream while no one leases it. */
export class PooledSocket implements StreamReader, FaultOwner {
  readonly stream: SocketTransport;
  readonly createdAtMs = performance.now();
  /** Exchanges that were begun on it. */
  uses = 0;
  leased = false;
  /** Ended by its server while it waited for its one use: it only keeps its place in the pool empty until then. 0: it has not ended. */
  emptyUntilMs = 0;
  /** Told, once, that the socket is gone, where somebody has leased it. */
  holder: SocketHolder | undefined;
  /** True when nobody used it since the pool looked last. */
  isCool = false;
  /** When it was given back, or the pool noticed that it was: exact to the pool's interval. */
  idleSinceMs = this.createdAtMs;
  /** The backend's name no longer has the address that this socket is connected to: it finishes what runs, and no more. */
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
    // The clock is only asked where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    this.stream.read(this);
  }

  /** True once the backend may close it at any moment. */
  get isOverdue(): boolean {
    return this.#dueAtMs !== Number.POSITIVE_INFINITY && performance.now() > this.#dueAtMs;
  }

  data(): void {
    // Nobody asked: whatever this is must never reach the next exchange.
    this.stream.destroy();
  }

  end(): void {
    this.stream.destroy();
  }

  drained(): void {
    // Nothing is written to a resting socket.
  }

  closed(): void {
    // The pool finds it stale when it is borrowed or at the next eviction.
  }
}

/**
 * What a pool holds where connecting failed. generic-pool retries without pause when `create` rejects,
 * so the failure itself becomes the resource, is handed out, and is thrown away.
 */
export class FailedSocket {
  readonly error: BalanceError;
  /** Counts the failures of the pool: tells old ones from new ones. */
  readonly sequence: number;

  constructor(error: BalanceError, sequence: number) {
    this.error = error;
    this.sequence = sequence;
  }
}
