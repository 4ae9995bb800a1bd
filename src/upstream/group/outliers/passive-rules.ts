import type { EjectionTimes } from '../../standing/ejection.ts';

/** When backends of an upstream are ejected. */
export interface PassiveRules {
  readonly times: EjectionTimes;
  readonly consecutiveFailures: number;
  /** From 0 to 1. */
  readonly errorRate: number;
  readonly minRequests: number;
  readonly windowMs: number;
  /** From 0 to 100. */
  readonly maxEjectionPercent: number;
  /** Default: backends are not compared with each other. */
  readonly successRate: SuccessRateRules | undefined;
  /** Default: the times of backends are not compared. */
  readonly latency: LatencyRules | undefined;
}

/** When a backend is ejected as it is slower than the others. */
export interface LatencyRules {
  /** So many times the median of the others is too slow. */
  readonly factor: number;
  readonly minHosts: number;
  readonly minRequests: number;
  /** A shorter mean is never too slow. */
  readonly minMs: number;
}

/** When a backend is ejected as it does worse than the others. */
export interface SuccessRateRules {
  readonly stdevFactor: number;
  readonly minHosts: number;
  readonly minRequests: number;
}
