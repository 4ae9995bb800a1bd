import type { Member } from '../member.ts';
import type { WaitReason } from './waiting-line.ts';

/** The reason why a lease has to wait for the members that it has not `tried`; undefined when waiting would not help. */
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
