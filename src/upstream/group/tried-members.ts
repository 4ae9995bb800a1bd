import type { Backend } from '../../plugin-api/index.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';

/** Those of the members that stand for one of these backends. */
export function membersAt(backends: ReadonlySet<Backend>, members: readonly Member[]): Set<Member> {
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
