import type { BalanceError } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { LogSubject } from './logger.ts';
import type { ByteStream } from './stream.ts';

/** Where the key of a hashing balancer comes from. */
export type KeySource =
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string };

/** One server. */
export interface Backend {
  /** Dense and unique while the backend lives: an index for counters. */
  readonly index: number;
  /** The name of the config: the `backend` label of metrics and the `backend` field of logs. */
  readonly name: string;
  /** `host:port`, `[v6]:port` or `unix:/path`. */
  readonly address: string;
}

/** A named group of backends and how to use them: balancer, limits, queue, health and pools all sit behind `acquire`. */
export interface Upstream {
  readonly name: string;
  /** The balancer's name, for logs. */
  readonly algorithm: string;
  /** Which key `LeaseRequest.key` must carry; undefined when the balancer needs none. */
  readonly keySource: KeySource | undefined;
  /** How long a backend may stay silent when an answer, or the next piece of one, is due. */
  readonly readTimeoutMs: number;
  /**
   * Asks for a connection to one of the backends. Answers with exactly one call of `leased` or `refused`, or with none once
   * `cancel` was called. That call comes after this returned; only with {@link LeaseRequest.immediate} `leased` may come before.
   */
  acquire(request: LeaseRequest): PendingLease;
  /** Whether that backend is one of this upstream's and healthy: only then a lease that was kept may be used for it again. */
  takes(backend: Backend): boolean;
}

/** What a protocol does with sockets: uses each for one connection only, or for one exchange after the other. */
export type SocketUse = 'once' | 'keep-alive';

/** A lease that was asked for and not given yet. */
export interface PendingLease {
  /**
   * The backend that a socket is waited for or connected to, or else the last one that failed to give one; undefined before the first,
   * and where the proxy itself was short of something.
   */
  readonly lastTried: Backend | undefined;
  /** The lease is no longer wanted. Without effect once the request was answered. */
  cancel(): void;
}

/** Someone who wants a lease; an exchange implements it itself, so that asking costs no object. */
export interface LeaseRequest extends LogSubject {
  /** The balancing key, where {@link Upstream.keySource} asks for one. */
  readonly key: string | undefined;
  /** True when only a newly connected socket will do (a retry after a re-used one died). */
  readonly fresh: boolean;
  /** True when `leased` may be called before `acquire` returned, which spares a turn of the microtask queue. Default: false. */
  readonly immediate?: boolean;
  /**
   * The connection that the lease is for. When that is over, the lease is cancelled or discarded, whatever was forgotten; without
   * it that happens when the instance has closed. The connection is ended when `leased` throws. Default: none.
   */
  readonly heldBy?: Connection | undefined;
  /** A backend could not be connected to: another one is tried now, or `refused` follows. */
  connectFailed?(backend: Backend, error: BalanceError): void;
  leased(lease: Lease): void;
  refused(error: BalanceError): void;
}

/**
 * A socket to a backend, taken from its pool. Ended by the first call of `release` or `discard`, or when its stream is closed, right
 * after the stream's reader was told; what is called after that has no effect.
 */
export interface Lease {
  readonly backend: Backend;
  readonly stream: ByteStream;
  /** True when the socket served an exchange before: it may die of old age under the next one. */
  readonly reused: boolean;
  /** The exchange is over and the socket may serve another one, after at most `idleMs` of rest; without it as long as the pool keeps it. */
  release(idleMs?: number): void;
  /**
   * The connection is used for good, as by a tunnel: it takes no place in the pool any more, and still counts as a connection
   * of the backend. Only `discard` ends such a lease.
   */
  detach(): void;
  /**
   * The exchange is over, and the socket is bound to this client, as by NTLM: it rests outside of the pool, still counts as a
   * connection of the backend, and serves further exchanges of the client after {@link resume}. Only `discard` ends
   * such a lease; a backend that closes the socket, or sends what nobody asked for, ends it too. `idleMs` as of `release`.
   */
  keep(idleMs?: number): void;
  /** Takes a socket up again that was kept. False when it is of no use any more: the lease is ended then, and another one is needed. */
  resume(): boolean;
  /** The exchange is over and the socket must not be used again. `error` says what was wrong with it, if anything. */
  discard(error?: Error): void;
}
