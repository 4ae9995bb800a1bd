import type { HostNameReading } from '../../readings/upstreams/host-name.ts';
import type { NameState } from './name-record.ts';

/** What is known of a host name that is looked up. */
export function hostNameReading(record: NameState): HostNameReading {
  const { host, addresses, source, answeredAtMs, ttlMs, failure, failingSinceMs, counts } = record;
  return {
    name: host,
    addresses,
    source,
    // The content of the hosts file does not get old.
    answeredAtMs: source === 'local' ? undefined : answeredAtMs,
    ttlMs,
    failure,
    failingSinceMs,
    counts: { ...counts },
  };
}
