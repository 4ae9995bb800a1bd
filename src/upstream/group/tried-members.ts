import type { Backend } from '../../plugin-api/index.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';

/** Those of the members that stand for one of these backends. */
function membersAt(backends: ReadonlySet<Backend>, members: readonly Member[]): Set<Member> {
  return new Set(members.filter(({ backend }) => backends.has(backend)));
}

/** The members that a lease has tried, or that its request avoids; undefined when it avoids none. */
export function triedOrAvoided(
  { request: { avoid }, tried = new Set() }: UpstreamLease,
  members: readonly Member[],
): ReadonlySet<Member> | undefined {
  if (avoid === undefined || avoid.size === 0) return undefined;
  return new Set([...tried, ...membersAt(avoid, members)]);
}

/** Makes the backends that a lease has tried these members: another member object may stand for the same backend. */
export function translateTried(lease: UpstreamLease, members: readonly Member[]): void {
  const { tried } = lease;
  if (tried !== undefined)
    lease.tried = membersAt(new Set([...tried].map(({ backend }) => backend)), members);
}
