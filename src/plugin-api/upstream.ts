import type { BalanceError, ErrorCode } from '../errors.ts';
import type { Backend } from './backend.ts';
import type { Connection } from './connection.ts';
import type { LogSubject } from './logger.ts';
import type { Transport } from './transport.ts';

/** Where the key of a hashing balancer comes from. */
export type KeySource =
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string };

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
  /** Whether that backend is one of this upstream's and healthy. A pinned lease may be resumed only if it is. */
  takes(backend: Backend): boolean;
}

/** What a protocol uses a socket for: one connection only, or one exchange after the other. */
export type SocketUse = 'once' | 'keep-alive';

/** A lease that was asked for and not given yet. */
export interface PendingLease {
  /**
   * The backend that the lease waits for a channel to, or else the last one that could not be connected to. Undefined before the first
   * one, and where the proxy itself lacked a resource such as a descriptor.
   */
  readonly lastTried: Backend | undefined;
  /** The lease is no longer wanted. Without effect once the request was answered. */
  cancel(): void;
}

/** A request for a lease. An exchange implements it itself, so that it costs no object. */
export interface LeaseRequest extends LogSubject {
  /** The balancing key, where {@link Upstream.keySource} asks for one. */
  readonly key: string | undefined;
  /** True when only a newly connected channel will do, as for a retry after a re-used one died. */
  readonly fresh: boolean;
  /** True when `leased` may be called before `acquire` returned, which spares a turn of the microtask queue. Default: false. */
  readonly immediate?: boolean;
  /**
   * The connection that the lease is for. When that connection is over, the lease is cancelled or ended, whatever the protocol forgot;
   * without it that happens when the instance has closed. The connection is ended when `leased` throws. Default: none.
   */
  readonly heldBy?: Connection | undefined;
  /** A backend could not be connected to, so nothing was sent. Another one is tried now, or `refused` follows. */
  connectFailed?(backend: Backend, error: BalanceError): void;
  leased(lease: Lease): void;
  refused(error: BalanceError): void;
}

/**
 * A channel to a backend, taken from its pool. The lease ends with the first call of {@link end}, or when its channel is closed, right
 * after the channel's reader was told. Calls after that have no effect.
 */
export interface Lease {
  readonly backend: Backend;
  /** What the request is written to and the response is read from: a connection that nobody else uses meanwhile. */
  readonly channel: Transport;
  /** True when the channel served an exchange before: it may die of old age under the next one. */
  readonly reused: boolean;
  /**
   * The exchange is over. The outcome tells the upstream how the backend did.
   *
   * @param error what went wrong, whoever was to blame; undefined when nothing did
   * @param status the status of the response; 0 where there was none, or where the protocol has none
   * @param idleMs for how long the channel may rest in the pool before the next exchange. `Infinity`: as long as the pool
   *   allows. 0: the channel must not be used again. With an error it is never used again.
   */
  end(error: ErrorCode | undefined, status: number, idleMs: number): void;
  /**
   * The channel is used for good, as by a tunnel: it leaves its place in the pool to another one, and still counts as a connection of
   * the backend. From then on {@link end} closes it, whatever its `idleMs`.
   */
  leavePool(): void;
  /**
   * The exchange is over without an error, and the channel is bound to this client, as by NTLM: it rests outside of the pool, still
   * counts as a connection of the backend, and serves further exchanges of the client after {@link resume}. From then on {@link end}
   * closes it. A backend that closes the channel, or sends bytes that nobody asked for, ends the lease too. `status` and `idleMs` as
   * of {@link end}.
   */
  pin(status: number, idleMs: number): void;
  /** Takes up a pinned channel for the next exchange. False when it can't be used any more: the lease has ended, and another one is needed. */
  resume(): boolean;
}
