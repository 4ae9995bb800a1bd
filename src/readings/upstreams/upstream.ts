/**
 * The states of a backend in an upstream; the first that applies counts. By an operator or its agent: `maintenance` (it gets nothing), `draining` (it keeps
 * its clients, and gets no new ones). `off`: its weight is 0. `open`, `half-open`: its circuit breaker is. `up`, `down`: its checks, or
 * the operator, say so. `ejected`: it failed too often. `unknown`: it has no checks, or the first one has not ended; it is used as if it
 * were up.
 */
export const MEMBER_STATES = [
  'up',
  'down',
  'unknown',
  'ejected',
  'open',
  'half-open',
  'draining',
  'maintenance',
  'off',
] as const;

/** One of {@link MEMBER_STATES}. */
export type MemberState = (typeof MEMBER_STATES)[number];

/** {@link MemberState} in the words that operators use for health, as `/backends` and explanations have it. */
export type StateWord = Exclude<MemberState, 'up' | 'down'> | 'healthy' | 'unhealthy';

/** The word for a state where operators read it. Metrics have the state itself. */
export function stateWord(state: MemberState): StateWord {
  if (state === 'up') return 'healthy';
  return state === 'down' ? 'unhealthy' : state;
}

/**
 * Why passive checks eject a backend: failures in a row, too many failures in a window, fewer successes than the others of the upstream
 * allow, or a longer time to the first byte.
 */
export type EjectionCause = 'consecutive_failures' | 'error_rate' | 'success_rate' | 'latency';

/** An upstream of the live generation. */
export interface UpstreamReading {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Whether it serves requests, and not only tunnels. */
  readonly servesRequests: boolean;
  /** Whether health is ignored, as too few backends are healthy; undefined where that never happens. */
  readonly panics?: boolean | undefined;
  readonly members: readonly MemberReading[];
  /** The budget of second tries; undefined where requests are not tried again. */
  readonly retryBudget?: RetryBudgetReading | undefined;
  /** The table that remembers where its clients belong; absent without one. All workers share it. */
  readonly clients?: ClientTableReading | undefined;
}

/** The budget of an upstream's second tries, in all workers. */
export interface RetryBudgetReading {
  /** Second tries that run or wait for their time. */
  readonly used: number;
  /** So many may run now. */
  readonly size: number;
}

/** A table that remembers which backends clients belong to. */
export interface ClientTableReading {
  /** Places. */
  readonly size: number;
  /** Places that are used. */
  readonly used: number;
  /** Clients that were forgotten for others before their time. */
  readonly forgotten: number;
}

/** A backend as a member of an upstream. */
export interface MemberReading {
  /** Name of the backend. */
  readonly backend: string;
  readonly weight: number;
  /** The weight that counts now. */
  readonly effectiveWeight: number;
  readonly state: MemberState;
  /** Whether it is ejected; undefined without passive checks. */
  readonly isEjected?: boolean | undefined;
  /** undefined without a circuit breaker. */
  readonly breaker?: BreakerState | undefined;
  /** The limit that `adaptive_concurrency` has found; undefined without it. */
  readonly adaptiveLimit?: number | undefined;
}

/**
 * `closed`: all is well. `open`: the backend gets nothing. `half-open`: it gets a few requests, which show whether it is well again.
 * `recovering`: as closed, but with a growing part of its requests.
 */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'recovering';

/** The queue of an upstream, of the live generation or of one that drains. */
export interface QueueReading {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Requests and connections that wait for a backend below its limit. */
  readonly waiting: number;
}

/** How a wait for a backend below its connection limit ended. */
export type QueueOutcome = 'served' | 'timeout' | 'pool_timeout' | 'left' | 'refused';

/** The event of a wait in an upstream's queue that is over, or of a request that was refused because the queue was full. */
export interface QueueRecord {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly outcome: QueueOutcome;
  readonly waitedMs: number;
}

/** The event of a health check that ended. */
export interface HealthCheckRecord {
  /** Name of the upstream that the backend was checked for. */
  readonly upstream: string;
  /** Name of the backend. */
  readonly backend: string;
  readonly passed: boolean;
  readonly durationMs: number;
}
