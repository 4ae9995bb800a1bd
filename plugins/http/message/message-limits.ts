import type { LeastRate } from './transfer-rate.ts';

/** How large the head of a message may be. */
export interface HeadLimits {
  /** Bytes of start line and fields together. */
  readonly headerSize: number;
  readonly headerCount: number;
  /** Whether bytes above 0x7F in a request's target are percent-encoded instead of refused. Default: false. */
  readonly encodesTarget?: boolean;
}

/** How large the bodies of requests may be, and how fast they must come. */
export interface BodyLimits {
  /** The most bytes; 0: no limit. */
  readonly sizeBytes: number;
  /** How fast the client must send; undefined: no limit. */
  readonly leastRate: LeastRate | undefined;
}

/** How fast a client must take its response. */
export interface TakingLimits {
  /** The least rate; undefined: any progress is enough. */
  readonly rate: LeastRate | undefined;
  /** How long a client may take nothing at all. */
  readonly timeoutMs: number;
}
