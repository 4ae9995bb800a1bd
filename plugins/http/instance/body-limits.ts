import type { LeastRate } from '../message/transfer-rate.ts';

/** What a listener's config says about the bodies of requests. */
export interface BodyLimits {
  /** Most bytes; 0: as many as the client likes. */
  readonly sizeBytes: number;
  /** How fast the client must send; undefined: at any rate. */
  readonly leastRate: LeastRate | undefined;
}
