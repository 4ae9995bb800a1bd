import type { BalanceError } from '../../errors.ts';
import type { DialedTransport } from '../../net/dial/dialer.ts';
import type { FaultOwner } from '../../net/faults/plugin-fault.ts';
import type { StreamReader } from '../../plugin-api/index.ts';
import type { Channel, ChannelHolder } from './channel.ts';

/** A socket to a backend, and the reader of its stream while no lease has it. */
export class PooledSocket implements Channel, StreamReader, FaultOwner {
  readonly stream: DialedTransport;
  readonly createdAtMs = performance.now();
  /** How many exchanges were begun on it. */
  uses = 0;
  leased = false;
  /** Set when the server ended the socket before its only use: its place in the pool stays empty until then (`performance.now()`). 0: not ended. */
  emptyUntilMs = 0;
  /** Its lease; undefined before the first one, and while the socket rests. A socket that is closed after its lease keeps it, for reports of faults. */
  holder: ChannelHolder | undefined;
  /** True when no lease has used it since the last check of the pool. */
  isCool = false;
  /** When it came back, exact to the interval between two checks of the pool. */
  idleSinceMs = this.createdAtMs;
  /** True when the backend's host name no longer has the address of this socket: it finishes its exchange and gets no other one. */
  isOutdated = false;
  /** The IP address that it is connected to; undefined when the backend's address can't change. */
  readonly #ip: string | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(stream: DialedTransport, ip?: string) {
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

  get upstream(): string | undefined {
    return this.holder?.upstream;
  }

  get isUsable(): boolean {
    return !this.stream.stale && !this.isOutdated;
  }

  /** The host name of its backend has these addresses now. */
  addressesChanged(addresses: readonly string[]): void {
    this.isOutdated = this.#ip !== undefined && !addresses.includes(this.#ip);
  }

  /** The socket rests in the pool, for at most `idleMs`. If a byte arrives now, the socket is destroyed. */
  rest(idleMs: number): void {
    this.isCool = false;
    this.holder = undefined;
    // The clock is only read where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    this.stream.read(this);
  }

  /** True once it has rested for its `idleMs`: the backend may close it at any moment. */
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
    // The pool notices when it takes the socket out, or at its next check.
  }
}

/**
 * Stands in the pool for a socket that could not be connected. generic-pool retries without a pause when `create` rejects, so `create`
 * resolves with the failure instead. A lease gets the failure as its error, and the pool removes it.
 */
export class FailedSocket {
  readonly error: BalanceError;
  /** The number of this failure in the pool, counted up: a lease ignores failures from before it asked. */
  readonly sequence: number;

  constructor(error: BalanceError, sequence: number) {
    this.error = error;
    this.sequence = sequence;
  }
}
