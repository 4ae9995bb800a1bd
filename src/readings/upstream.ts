/**
 * Whether a backend may serve an upstream. Health checks say `up` or `down`; `unchecked` means that there are none, or that the first one
 * has not ended; `off` means that the weight is 0, whatever the health.
 */
export type MemberState = 'up' | 'down' | 'unchecked' | 'off';

/** An upstream of the live generation. */
export interface UpstreamReading {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Whether it serves requests, and not only tunnels. */
  readonly servesRequests: boolean;
  readonly members: readonly MemberReading[];
}

/** A backend as a member of an upstream. */
export interface MemberReading {
  /** Name of the backend. */
  readonly backend: string;
  readonly weight: number;
  readonly state: MemberState;
}

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
  /** Name of the backend. */
  readonly backend: string;
  readonly passed: boolean;
  readonly durationMs: number;
}
