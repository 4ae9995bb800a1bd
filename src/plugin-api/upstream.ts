import type { BalanceError, ErrorCode } from '../errors.ts';
import type { Backend } from './backend.ts';
import type { Connection } from './connection.ts';
import type { LogSubject } from './logger.ts';
import type { Transport } from './transport.ts';

/** The part of a request that is the key of a hashing balancer. */
export type KeySource =
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string };

/** By what an upstream knows a client again, to keep it at its backend. */
export type StickySource =
  | StickyCookie
  | { readonly kind: 'source-ip' }
  | {
      readonly kind: 'header';
      /** In lower case. */
      readonly name: string;
    };

/** A cookie of the proxy that keeps a client at its backend. */
export interface StickyCookie {
  readonly kind: 'cookie';
  readonly name: string;
  /** Its attributes but `Secure`, each with `; ` in front: `; Path=/; HttpOnly`. */
  readonly attributes: string;
  /** When it gets the attribute `Secure`. `auto`: when the client's connection is encrypted. */
  readonly secure: 'auto' | 'always' | 'never';
}

/** A named group of backends. Its balancer, limits, queue, health checks and pools all work behind `acquire`. */
export interface Upstream {
  /** The name in the config. */
  readonly name: string;
  /** The name of the balancing algorithm, for logs. */
  readonly algorithm: string;
  /** What `LeaseRequest.key` must be; undefined when the balancer needs no key. */
  readonly keySource: KeySource | undefined;
  /** What {@link LeaseRequest.session} must be; undefined when clients are not kept at their backends. */
  readonly sticky?: StickySource | undefined;
  /** How long a protocol should wait for an answer of a backend, or for its next piece. In ms. */
  readonly readTimeoutMs: number;
  /**
   * True when each channel begins with the address of one client, in a PROXY header. Such a channel never goes back to a pool. The client
   * is the one of {@link LeaseRequest.heldBy}; {@link Lease.pin} keeps the channel for that client's next exchange.
   */
  readonly perClient: boolean;
  /** Whether the connections to its backends are encrypted by TLS. */
  readonly secure: boolean;
  /** How a protocol should try again what backends failed; absent or undefined where the config does not say so. */
  readonly recovery?: UpstreamRecovery | undefined;
  /**
   * Asks for a channel to one of the backends. Answers with exactly one call of `leased` or `refused`, or with none after `cancel`. The
   * call comes after this has returned; only with {@link LeaseRequest.immediate} may `leased` come before.
   */
  acquire(request: LeaseRequest): PendingLease;
  /** Whether that backend is a healthy member of this upstream. Only then may a pinned lease to it be resumed. */
  takes(backend: Backend): boolean;
  /** Whether a client with that {@link LeaseRequest.session} belongs to a backend that may serve it now. Absent where no client belongs to any. */
  knowsSession?(session: string): boolean;
  /**
   * Finds out by one connect whether that backend is gone, so that nothing accepts connections there: what broke its connections was then
   * its end, and no request of them went wrong. Absent where that can't be found out.
   *
   * @param done called once, after this has returned; with false also where the backend is no member any more, and where nothing is known
   *   after a second
   */
  findOutIfGone?(backend: Backend, done: (isGone: boolean) => void): void;
}

/** How requests for an upstream are tried again. */
export interface UpstreamRecovery {
  readonly retry: RetrySettings;
  /** When a second try begins while the first one runs; undefined: never. */
  readonly hedge: HedgeSettings | undefined;
  readonly budget: RetryBudget;
}

/** The section `resilience.hedge` of an upstream. */
export interface HedgeSettings {
  /** So long a request may be without the head of a response, in ms, until a second try begins. */
  readonly afterMs: number;
}

/** The section `resilience.retry` of an upstream. */
export interface RetrySettings {
  /** False where only `resilience.hedge` is on: then nothing is tried again but a request that an idle connection died under. */
  readonly isOn: boolean;
  /** Tries of one request at most, the first one included. */
  readonly maxAttempts: number;
  /** The longest delay before the second try; it grows by `multiplier` from try to try, up to `maxDelayMs`. */
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly multiplier: number;
  /** The part of a delay that is random, from 0 to 1. */
  readonly jitter: number;
  readonly onConnectFailure: boolean;
  /** Whether to try again when the connection ended before the first byte of a response. */
  readonly onReset: boolean;
  readonly onTimeout: boolean;
  /** Statuses of responses that count as failed tries. */
  readonly onStatuses: readonly StatusSpan[];
  /** The methods of requests that may be sent again; undefined: those that are idempotent. */
  readonly methods: readonly string[] | undefined;
  /** From the last byte of a request to the head of its response, in ms. 0: no limit. */
  readonly perTryTimeoutMs: number;
  /** How many bytes of one request's body are kept, so that it can be sent again. */
  readonly bodyLimitBytes: number;
  /** How many bytes of all kept bodies may be held, in all workers together. */
  readonly bodyTotalBytes: number;
}

/** Statuses from `from` to `to`, both included. */
export interface StatusSpan {
  readonly from: number;
  readonly to: number;
}

/** What bounds the tries of an upstream beside the first ones, in all workers together. Each request calls `begin` once and `end` once. */
export interface RetryBudget {
  begin(): void;
  /** The request is over, with all its tries. */
  end(): void;
  /** Takes a place for a try that was decided on. False when too many run. */
  take(): boolean;
  /** The try that {@link take} allowed is over. */
  release(): void;
}

/** What a protocol uses a socket for: `once` for one connection only, `keep-alive` for one exchange after the other. */
export type SocketUse = 'once' | 'keep-alive';

/** A lease that was asked for and has not been given yet. */
export interface PendingLease {
  /**
   * The backend that the lease waits for a channel to; otherwise the last one that could not be connected to. Undefined before the first
   * attempt, and when the proxy itself lacked a resource, such as a descriptor.
   */
  readonly lastTried: Backend | undefined;
  /** The lease is no longer wanted. Has no effect after the answer. */
  cancel(): void;
}

/** A request for a lease. An exchange implements it itself, so that it costs no object. */
export interface LeaseRequest extends LogSubject {
  /** The balancing key, if {@link Upstream.keySource} asks for one and the request has it. */
  readonly key: string | undefined;
  /** The value of what {@link Upstream.sticky} names: of the cookie or the header field, if the client sent it, or the client's address. */
  readonly session?: string | undefined;
  /** True when the channel must be newly connected, as for a retry after a re-used channel died. */
  readonly fresh: boolean;
  /** True when `leased` may be called before `acquire` has returned, which is a little faster. Default: false. */
  readonly immediate?: boolean;
  /** Backends that failed the request before: one of them is given only where no other one can be. Default: none. */
  readonly avoid?: ReadonlySet<Backend> | undefined;
  /**
   * True when the lease is worth having only at once, and only of a backend that is none of {@link avoid}, as for a second try beside a
   * first one that runs. Otherwise it is refused: it never waits in the queue. Default: false.
   */
  readonly isSpare?: boolean;
  /**
   * The connection that the lease is for. When that connection is over, the lease is cancelled or ended, even if the protocol forgets it.
   * Without this field, that happens when the instance has closed. The connection is ended if `leased` throws. Where a PROXY header goes
   * to the backend, it names the client of this connection. Default: none.
   */
  readonly heldBy?: Connection | undefined;
  /** Connecting to a backend failed, so nothing was sent. Another backend is tried now, or `refused` follows. */
  connectFailed?(backend: Backend, error: BalanceError): void;
  /** There is a channel. The lease must be ended. */
  leased(lease: Lease): void;
  /** There is no channel, and none will come. The error says why. */
  refused(error: BalanceError): void;
}

/**
 * What became of a client that is kept at its backend. `new`: it is not known, and belongs to its backend from now on. `kept`: it got its backend.
 * `moved`: its backend is gone, down or was tried, so it belongs to another one now. `away`: its backend is full, so that this
 * request went to another one.
 */
export type StickyOutcome = 'new' | 'kept' | 'moved' | 'away';

/** How a lease was found for a client that is kept at its backend. */
export interface LeaseStickiness {
  readonly outcome: StickyOutcome;
  /** The value that the cookie {@link Upstream.sticky} must get with the response; undefined when the client needs none. */
  readonly newSession: string | undefined;
}

/**
 * A channel to a backend, taken from its pool. The lease ends with the first call of {@link end}, or when its channel is closed, right
 * after the channel's reader was told. Later calls have no effect.
 */
export interface Lease {
  readonly backend: Backend;
  /** The transport that the request is written to and the response is read from. No other lease uses it meanwhile. */
  readonly channel: Transport;
  /** True when the channel has served an exchange before: the backend may close it just when the next request is sent. */
  readonly reused: boolean;
  /** Whether the lease is of the backend that the client belongs to; undefined where clients are not kept at their backends. */
  readonly sticky?: LeaseStickiness | undefined;
  /** The head of the final response has arrived, with that status: for balancers and limits that go by how long backends take. */
  responded?(status: number): void;
  /**
   * The exchange is over. The outcome tells the upstream how the backend did.
   *
   * @param error the error, whichever side caused it; undefined when there was none
   * @param status the status of the response; 0 when there was no response, or when the protocol has no status
   * @param idleMs how long the channel may rest in the pool before its next exchange. `Infinity`: as long as the pool
   *   allows. 0: the channel must not be used again. With an error it is never used again.
   */
  end(error: ErrorCode | undefined, status: number, idleMs: number): void;
  /**
   * The channel will not come back to the pool, because a tunnel uses it. Its place in the pool is free for another channel, and it still
   * counts as a connection of the backend. From now on {@link end} closes it, whatever its `idleMs`.
   */
  leavePool(): void;
  /**
   * The exchange is over without an error, and the channel is bound to this client, as by NTLM: it rests outside of the pool, still
   * counts as a connection of the backend, and serves further exchanges of the client after {@link resume}. From then on {@link end}
   * closes it. A backend that closes the channel, or sends bytes that nobody asked for, ends the lease too. `status` and `idleMs` as
   * of {@link end}.
   */
  pin(status: number, idleMs: number): void;
  /** Begins the next exchange on a pinned channel. False when the channel can't be used any more: the lease has ended, and another is needed. */
  resume(): boolean;
}
