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
}

/** When a backend is ejected as it does worse than the others. */
export interface SuccessRateRules {
  readonly stdevFactor: number;
  readonly minHosts: number;
  readonly minRequests: number;
}
