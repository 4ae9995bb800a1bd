import type { Dns } from '../config/schema/config.generated.ts';
import type { ResolverSettings } from '../net/dns/resolver-settings.ts';

/** What the `dns` section of a config means for the resolver. */
export function resolverSettings(dns: Dns): ResolverSettings {
  return {
    servers: dns.servers,
    timeoutMs: dns.timeout,
    attempts: dns.attempts,
    minTtlMs: dns.min_ttl,
    maxTtlMs: dns.max_ttl,
    holdMs: dns.hold,
  };
}
