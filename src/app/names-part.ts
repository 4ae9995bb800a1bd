import type { NameResolver } from '../net/dns/name-resolver.ts';
import type { FollowingPart } from '../runtime/reload/config-apply.ts';
import { resolverSettings } from './resolver-settings.ts';

/** The look-up of host names as a part of the proxy that follows the live generation. */
export function namesPart(names: NameResolver): FollowingPart {
  return {
    prepare: ({ config }) =>
      Promise.resolve({
        commit: () => {
          names.configure(resolverSettings(config.dns));
        },
        unwind: () => undefined,
      }),
  };
}
