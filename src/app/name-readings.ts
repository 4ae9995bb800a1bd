import type { HostNameReport } from '../admin/routes/backend-routes.ts';
import type { NameRecord } from '../net/dns/name-record.ts';
import type { NameReading } from '../telemetry/metrics/snapshot/metrics-source.ts';

/** What the metrics show of the host names that are looked up. */
export function nameReadings(records: readonly NameRecord[]): NameReading[] {
  return records.map(({ host, addresses, source, answeredAtMs, failure, counts }) => ({
    name: host,
    addresses: addresses.length,
    // What the hosts file says does not get old.
    answeredAtMs: source === 'local' ? undefined : answeredAtMs,
    isFailing: failure !== undefined,
    ...counts,
  }));
}

/** What the admin server shows of a host name. */
export function hostNameReport(record: NameRecord): HostNameReport {
  const { host, addresses, source, answeredAtMs, ttlMs, failure, failingSinceMs, counts } = record;
  return {
    name: host,
    addresses,
    source,
    answeredAtMs: source === 'local' ? undefined : answeredAtMs,
    ttlMs,
    failure,
    failingSinceMs,
    counts: { ...counts },
  };
}
