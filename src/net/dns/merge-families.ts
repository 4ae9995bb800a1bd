import type { LookUpResult } from './look-up.ts';

type Found = Extract<LookUpResult, { kind: 'found' }>;

/** A new answer, in which the family that could not be asked is as it was known before for the same full name. */
export function mergeFamilies(known: Found | undefined, now: Found): Found {
  if (known?.name !== now.name) return now;
  return { ...now, ipv4: now.ipv4 ?? known.ipv4, ipv6: now.ipv6 ?? known.ipv6 };
}
