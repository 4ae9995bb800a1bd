import { labelText, type Series } from './exposition.ts';
import type { MetricsSource, NameReading } from './metrics-source.ts';

/** The series of the host names that are looked up. */
export function nameSeries({ names }: Pick<MetricsSource, 'names'>) {
  const each = (value: (name: NameReading) => number | undefined) =>
    function* (): Iterable<Series> {
      for (const reading of names()) {
        const known = value(reading);
        if (known !== undefined) yield { labels: labelText({ name: reading.name }), value: known };
      }
    };
  return {
    balance_dns_addresses: each(({ addresses }) => addresses),
    balance_dns_answer_age_seconds: each(({ answeredAtMs }) =>
      answeredAtMs === undefined ? undefined : Math.max(0, Date.now() - answeredAtMs) / 1_000,
    ),
    balance_dns_failing: each(({ isFailing }) => Number(isFailing)),
    *balance_dns_lookups_total(): Iterable<Series> {
      for (const reading of names()) {
        const { name } = reading;
        for (const result of ['found', 'absent', 'failed'] as const)
          yield { labels: labelText({ name, result }), value: reading[result] };
      }
    },
  };
}
