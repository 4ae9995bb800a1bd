import type { Backend } from '../../plugin-api/index.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';

/** Those of the members that stand for one of these backends. */
function membersAt(backends: ReadonlySet<Backend>, members: readonly Member[]): Set<Member> {
  return new Set(members.filter(({ backend }) => backends.has(backend)));
}

/** The members that a lease has tried, or that its request avoids; undefined when it avoids none. */
export function triedOrAvoided(
  { request: { avoid }, tried }: UpstreamLease,
  members: readonly Member[],
): ReadonlySet<Member> | undefined {
  if (avoid === undefined || avoid.size === 0) return undefined;
  return new Set([...(tried ?? []), ...membersAt(avoid, members)]);
}

/** Makes the backends that a lease has tried these members: another member object may stand for the same backend. */
export function translateTried(lease: UpstreamLease, members: readonly Member[]): void {
  const { tried } = lease;
  if (tried !== undefined)
    lease.tried = membersAt(new Set([...tried].map(({ backend }) => backend)), members);
}

/**
 * A member that the lease has not tried, and that only its checks keep from it. It gets a place there. A backend that has just come back
 * fails its checks until some in a row have passed: if those that seem to be up can't be connected to, it is all there is.
 */
export function lastResort(
  { tried, use, request }: UpstreamLease,
  members: readonly Member[],
): Member | undefined {
  return members.find(
    (member) =>
      member.failsChecks &&
      tried?.has(member) !== true &&
      member.hasRoom &&
      member.reserve(use, request.fresh),
  );
}
