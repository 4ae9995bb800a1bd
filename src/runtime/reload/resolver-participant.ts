import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Dns } from '../../config/schema/config.generated.ts';
import type { NameResolver } from '../../net/dns/name-resolver.ts';
import type { ResolverSettings } from '../../net/dns/resolver-settings.ts';
import type { PreparedChange, ReloadParticipant } from './reload-participant.ts';

/** The look-up of host names follows the `dns` section of the live config. */
export class ResolverParticipant implements ReloadParticipant {
  readonly #names: NameResolver;

  constructor(names: NameResolver) {
    this.#names = names;
  }

  /** The names of the first config must be asked for at its own servers, not at the default ones. */
  begin({ config }: LoadedConfig): void {
    this.#names.configure(resolverSettings(config.dns));
  }

  prepare({ config }: LoadedConfig): Promise<PreparedChange> {
    return Promise.resolve({
      commit: () => {
        this.#names.configure(resolverSettings(config.dns));
      },
      unwind: () => undefined,
    });
  }
}

/** The `dns` section of a config in the terms of the resolver. */
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
