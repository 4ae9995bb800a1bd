import type { BreakerState, EjectionCause } from '../../readings/upstreams/upstream.ts';
import type { BackendCounts } from '../../readings/upstreams/backend.ts';
import { labelText, type Series } from './exposition/exposition.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';

const BREAKER_VALUES: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  recovering: 0,
  'half-open': 1,
  open: 2,
};

const EJECTION_COUNTS = {
  consecutive_failures: 'ejectedByFailures',
  error_rate: 'ejectedByErrorRate',
  success_rate: 'ejectedBySuccessRate',
  latency: 'ejectedByLatency',
} as const satisfies Record<EjectionCause, keyof BackendCounts>;

/** The series of what states backends have, and why. Only backends with passive checks or circuit breakers have series of these. */
export function standingSeries({ backends, upstreams }: MetricsSnapshot) {
  const members = [...upstreams].flatMap(([upstream, { members: all }]) =>
    all.map((member) => ({ upstream, ...member })),
  );
  const breakers = new Map<string, number>();
  const watched = new Set<string>();
  for (const { backend, breaker, isEjected } of members) {
    if (isEjected !== undefined) watched.add(backend);
    if (breaker === undefined) continue;
    breakers.set(backend, Math.max(breakers.get(backend) ?? 0, BREAKER_VALUES[breaker]));
  }
  return {
    *balance_backend_health_status(): Iterable<Series> {
      for (const [backend, { healthy }] of backends)
        yield { labels: labelText({ backend }), value: Number(healthy) };
    },
    *balance_backend_state(): Iterable<Series> {
      for (const { upstream, backend, state } of members)
        yield { labels: labelText({ upstream, backend, state }), value: 1 };
    },
    *balance_circuit_breaker_state(): Iterable<Series> {
      for (const [backend, value] of breakers) yield { labels: labelText({ backend }), value };
    },
    *balance_circuit_breaker_open_total(): Iterable<Series> {
      for (const [backend, { counts }] of backends)
        if (breakers.has(backend) || counts.breakerOpens > 0)
          yield { labels: labelText({ backend }), value: counts.breakerOpens };
    },
    *balance_backend_ejections_total(): Iterable<Series> {
      for (const [backend, { counts }] of backends)
        for (const [reason, count] of Object.entries(EJECTION_COUNTS))
          if (watched.has(backend) || counts[count] > 0)
            yield { labels: labelText({ backend, reason }), value: counts[count] };
    },
    *balance_upstream_ejected(): Iterable<Series> {
      for (const [upstream, { members: all }] of upstreams)
        if (all.some(({ isEjected }) => isEjected !== undefined))
          yield {
            labels: labelText({ upstream }),
            value: all.filter(({ isEjected }) => isEjected === true).length,
          };
    },
    *balance_upstream_panic(): Iterable<Series> {
      for (const [upstream, { panics }] of upstreams)
        if (panics !== undefined) yield { labels: labelText({ upstream }), value: Number(panics) };
    },
  };
}
