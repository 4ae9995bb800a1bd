import type { LeastRate } from './transfer-rate.ts';

/** What the head of a message may have. */
export interface HeadLimits {
  /** Bytes of start line and fields together. */
  readonly headerSize: number;
  readonly headerCount: number;
  /** Whether bytes above 0x7F in a request's target are percent-encoded instead of refused. Default: false. */
  readonly encodesTarget?: boolean;
}

/** What the bodies of requests must keep to. */
export interface BodyLimits {
  /** Most bytes; 0: as many as the client likes. */
  readonly sizeBytes: number;
  /** How fast the client must send; undefined: at any rate. */
  readonly leastRate: LeastRate | undefined;
}

/** How fast a client must take its response. */
export interface TakingLimits {
  /** The least rate; undefined: any progress is enough. */
  readonly rate: LeastRate | undefined;
  /** How long a client may make no progress at all. */
  readonly timeoutMs: number;
}
