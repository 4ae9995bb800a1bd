import type { GroupMembers } from './group-members.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';

/** The members that a lease has tried, or that its request avoids; undefined when it avoids none. */
export function triedOrAvoided(
  { request: { avoid }, tried }: UpstreamLease,
  members: GroupMembers,
): ReadonlySet<Member> | undefined {
  if (avoid === undefined || avoid.size === 0) return undefined;
  return new Set([...(tried ?? []), ...members.at(avoid)]);
}

/** Makes the backends that a lease has tried these members: another member object may stand for the same backend. */
export function translateTried(lease: UpstreamLease, members: GroupMembers): void {
  const { tried } = lease;
  if (tried !== undefined) lease.tried = members.at([...tried].map(({ backend }) => backend));
}
