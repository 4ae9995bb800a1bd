import type { CircuitBreaker, PassiveChecks, Upstream } from '../../config/schema/config.generated.ts';
import type { PassiveRules } from '../../upstream/group/outliers/passive-rules.ts';
import type { SlowStartRules } from '../../upstream/slow-start/slow-start.ts';
import type { AdaptiveRules } from '../../upstream/concurrency/adaptive-limit.ts';
import type { BreakerRules } from '../../upstream/standing/circuit-breaker.ts';

/** As the schema has them, for an upstream with `outlier_detection` alone. */
const PASSIVE_DEFAULTS: Omit<PassiveChecks, 'enabled'> = {
  consecutive_failures: 5,
  error_rate_threshold: 0.5,
  min_requests: 20,
  window: 60_000,
};
/** As the schema has them, for an upstream with `passive_checks` alone. */
const OUTLIER_DEFAULTS = {
  base_ejection_time: 30_000,
  max_ejection_time: 300_000,
  interval: 10_000,
  max_ejection_percent: 50,
  success_rate: undefined,
  latency: undefined,
};
/** While ejection is on, health is ignored when fewer than so many per cent of the backends pass their checks. */
const PANIC_PERCENT = 50;
const PERCENT = 100;

/** When backends of the upstream are ejected; undefined: never. Either section turns it on. */
export function passiveRulesOf({
  health_check: check,
  outlier_detection: outliers,
}: Upstream): PassiveRules | undefined {
  const passive = check?.passive_checks;
  if (passive?.enabled === false || outliers?.enabled === false) return undefined;
  if (passive === undefined && outliers === undefined) return undefined;
  const counts = passive ?? PASSIVE_DEFAULTS;
  const ejection = outliers ?? OUTLIER_DEFAULTS;
  const { success_rate: rate, latency } = ejection;
  return {
    times: {
      baseMs: ejection.base_ejection_time,
      maxMs: Math.max(ejection.base_ejection_time, ejection.max_ejection_time),
      forgiveMs: ejection.interval,
    },
    consecutiveFailures: counts.consecutive_failures,
    errorRate: counts.error_rate_threshold,
    minRequests: counts.min_requests,
    windowMs: counts.window,
    maxEjectionPercent: ejection.max_ejection_percent,
    successRate: rate && {
      stdevFactor: rate.stdev_factor,
      minHosts: rate.min_hosts,
      minRequests: rate.min_requests,
    },
    latency: latency && {
      factor: latency.factor,
      minHosts: latency.min_hosts,
      minRequests: latency.min_requests,
      minMs: latency.min_time,
    },
  };
}

/** Below how many per cent of sound backends the upstream ignores their health; 0: never. */
export function panicPercentOf(upstream: Upstream): number {
  const given = upstream.outlier_detection?.panic_threshold;
  return given ?? (passiveRulesOf(upstream) === undefined ? 0 : PANIC_PERCENT);
}

/** How backends of the upstream that have come up get their part of the requests; undefined: at once. */
export function slowStartOf({ slow_start: section }: Upstream): SlowStartRules | undefined {
  if (section === undefined || section.window === 0) return undefined;
  return {
    windowMs: section.window,
    floor: section.min_weight / PERCENT,
    aggression: section.aggression,
  };
}

/** How the circuit breakers of the upstream work; undefined: there are none. */
export function breakerRulesOf({ resilience }: Upstream): BreakerRules | undefined {
  const breaker: CircuitBreaker | undefined = resilience.circuit_breaker;
  if (breaker?.enabled !== true) return undefined;
  return {
    maxFailures: breaker.max_failures,
    errorRate: breaker.error_rate_threshold,
    minRequests: breaker.min_requests,
    windowMs: breaker.window,
    openMs: breaker.timeout,
    probes: breaker.max_concurrent_requests,
    recoveryMs: breaker.recovery,
  };
}

/** How the limits of requests are found in one of so many workers, each of which has its part; undefined: they are not. */
export function adaptiveRulesOf({ resilience }: Upstream, workers: number): AdaptiveRules | undefined {
  const adaptive = resilience.adaptive_concurrency;
  if (adaptive?.enabled !== true) return undefined;
  const part = (limit: number): number => Math.ceil(limit / workers);
  return {
    minLimit: part(adaptive.min_limit),
    maxLimit: part(adaptive.max_limit),
    initialLimit: part(adaptive.initial_limit),
    tolerance: adaptive.tolerance,
    windowMs: adaptive.window,
  };
}
