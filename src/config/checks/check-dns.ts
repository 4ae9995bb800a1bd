import { formatDuration } from '../values/units.ts';
import type { CheckContext } from './check-context.ts';

/** More frequent look-ups would burden the name servers, and no name changes that often. */
const LEAST_TTL_MS = 1_000;

/** The limits of times to live are no burden to name servers, and leave something between them. */
export function checkDns(context: CheckContext): void {
  const { min_ttl: minTtl, max_ttl: maxTtl } = context.config.dns;
  for (const key of ['min_ttl', 'max_ttl'] as const)
    if (context.config.dns[key] < LEAST_TTL_MS) context.error(['dns', key], 'must be at least 1s');
  if (minTtl <= maxTtl) return;
  if (context.given(['dns', 'min_ttl']))
    context.error(['dns', 'min_ttl'], `must not be above max_ttl (${formatDuration(maxTtl)})`);
  else context.error(['dns', 'max_ttl'], `must not be below min_ttl (${formatDuration(minTtl)})`);
}
