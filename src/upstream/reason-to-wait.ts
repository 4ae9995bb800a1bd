import type { Member } from './member.ts';
import type { WaitReason } from './waiting-line.ts';

/** What is in the way of all members that a lease has not `tried`; undefined when waiting would not help. */
export function reasonToWait(
  members: readonly Member[],
  tried: ReadonlySet<Member> | undefined,
): WaitReason | undefined {
  let reason: WaitReason | undefined;
  for (const member of members) {
    if (!member.healthy || member.weight === 0 || tried?.has(member) === true) continue;
    // A larger pool would have served it.
    if (member.isHeldUpByPool) return 'pool';
    reason = 'limit';
  }
  return reason;
}
