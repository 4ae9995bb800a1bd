import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import { panicPercentOf } from '../upstreams/standing-rules.ts';
import { shownPriority } from './explain-backend.ts';
import type { ExplainedGroup, ExplainedUpstream } from './explanation.ts';

/** How long requests may wait for a backend with room, if they may. */
export function explainQueue(
  { queue }: UpstreamConfig,
  group: UpstreamGroup,
  live: boolean,
): Pick<ExplainedUpstream, 'queue'> {
  if (queue.max_size === 0) return {};
  const now = live ? { waiting: group.waiting } : {};
  return { queue: { max_size: queue.max_size, timeout_ms: queue.timeout, ...now } };
}

/** Why the health of backends is ignored. */
export function panicText(config: UpstreamConfig): string {
  return `health is ignored, as fewer than ${panicPercentOf(config)} % of the backends are healthy`;
}

/** Which backends get the requests, where some come before others. */
export function explainGroup(
  { load_balancer: { zone = '', zone_min_up: leastUp } }: UpstreamConfig,
  { members }: UpstreamGroup,
  live: boolean,
): Pick<ExplainedUpstream, 'group'> {
  const priorities = [...new Set(members.map(({ priority }) => priority))].sort((a, b) => a - b);
  const hasNear = zone !== '' && members.some((member) => member.zone === zone);
  if (priorities.length < 2 && !hasNear) return {};
  const priority = priorities.find((each) =>
    members.some((member) => member.priority === each && isUp(member)),
  );
  if (priority === undefined) return { group: { reason: 'no backend of any priority is up' } };
  const all = members.filter((member) => member.priority === priority);
  const level = priorities.length < 2 ? {} : { priority: shownPriority(priority) };
  const reason = live ? levelReason(priority, priorities[0] ?? 0) : 'as long as one of them is up';
  return { group: { ...level, ...zoneOf(all, zone, leastUp, priorities.length < 2 ? '' : reason) } };
}

function isUp({ weight, up }: Member): boolean {
  return weight > 0 && up;
}

function levelReason(priority: number, first: number): string {
  return priority === first
    ? 'they come first, and one of them is up'
    : 'no backend that comes before them is up';
}

/** @param reason why the backends of that priority serve; '' when there is only one priority */
function zoneOf(
  level: readonly Member[],
  zone: string,
  leastUp: number,
  reason: string,
): Pick<ExplainedGroup, 'zone' | 'reason'> {
  const near = level.filter((member) => zone !== '' && member.zone === zone);
  if (near.length === 0) return { reason };
  const up = near.filter(isUp).length;
  const isEnough = up > 0 && up * 100 >= leastUp * near.length;
  const share = `${up} of ${near.length} backends of zone ${zone} are up, zone_min_up is ${leastUp} %`;
  const both = reason === '' ? share : `${reason}; ${share}`;
  return isEnough ? { zone, reason: both } : { reason: `${both}: all zones share the requests` };
}
