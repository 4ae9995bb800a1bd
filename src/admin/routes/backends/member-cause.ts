import type { ConnectsReading, MembershipReading } from '../../../readings/upstreams/backend.ts';

/** Since when, and why, a backend is in its state in an upstream. */
export interface MemberCause {
  /** In ms since 1970; undefined when that is not known. */
  readonly sinceMs: number | undefined;
  /** In one line; undefined where there is nothing to say. */
  readonly reason: string | undefined;
}

const PERCENT = 100;
const SECOND_MS = 1_000;

/** What put the backend into its state, and what else an operator who looks at it should know. */
export function causeOf(member: MembershipReading, connects: ConnectsReading): MemberCause {
  const { sinceMs, reason } = stateCause(member);
  const more = [reason, ...sideEffects(member), connectsReason(connects)].filter(
    (part) => part !== undefined,
  );
  // Where nothing checks it, failing connects are all that is known.
  const failsSinceMs = member.state === 'unknown' ? connects.sinceMs : undefined;
  return { sinceMs: failsSinceMs ?? sinceMs, reason: more.length === 0 ? undefined : more.join('; ') };
}

function stateCause(member: MembershipReading): MemberCause {
  const { state, byHand, agent, breaker, memberSinceMs, changedAtMs } = member;
  switch (state) {
    case 'maintenance':
    case 'draining':
      return byHand?.state === state ? handCause(byHand) : agentCause(agent);
    case 'off':
      return { sinceMs: memberSinceMs, reason: 'weight 0' };
    case 'open':
    case 'half-open':
      return { sinceMs: breaker?.changedAtMs, reason: breaker?.reason };
    case 'ejected':
      return ejectionCause(member);
    case 'down':
      return downCause(member);
    case 'unknown':
      return { sinceMs: memberSinceMs, reason: undefined };
    case 'up':
      return byHand?.state === 'healthy'
        ? handCause(byHand)
        : { sinceMs: recoveringSince(member) ?? changedAtMs ?? memberSinceMs, reason: undefined };
  }
}

function handCause({ sinceMs, reason }: NonNullable<MembershipReading['byHand']>): MemberCause {
  return { sinceMs, reason: reason ?? 'set by hand' };
}

function agentCause(agent: MembershipReading['agent']): MemberCause {
  const text = agent?.text;
  return { sinceMs: agent?.sinceMs, reason: text === undefined ? undefined : `its agent says: ${text}` };
}

function ejectionCause({ ejection }: MembershipReading): MemberCause {
  const back = `back in ${String(Math.ceil((ejection?.leftMs ?? 0) / SECOND_MS))} s`;
  return {
    sinceMs: ejection?.changedAtMs,
    reason: ejection?.reason === undefined ? back : `${ejection.reason}; ${back}`,
  };
}

function downCause({ byHand, agent, changedAtMs, lastError }: MembershipReading): MemberCause {
  if (byHand?.state === 'unhealthy') return handCause(byHand);
  if (agent?.isDown === true) return agentCause(agent);
  return { sinceMs: changedAtMs, reason: lastError };
}

/** What makes it get more or fewer requests than its state and weight say. */
function sideEffects(member: MembershipReading): (string | undefined)[] {
  const { agent, ramp, panics } = member;
  const isDraining = member.state === 'draining' || member.state === 'maintenance';
  return [
    recoveringSince(member) === undefined ? undefined : 'recovers after its circuit breaker was open',
    ramp < 1 ? `slow start: ${String(Math.round(ramp * PERCENT))} % of its weight` : undefined,
    agent !== undefined && agent.share < 1 && !isDraining
      ? `its agent leaves it ${String(Math.round(agent.share * PERCENT))} % of its weight`
      : undefined,
    panics ? 'gets requests all the same: too few backends are healthy' : undefined,
  ];
}

function recoveringSince({ breaker }: MembershipReading): number | undefined {
  return breaker?.state === 'recovering' ? breaker.changedAtMs : undefined;
}

function connectsReason({ failing, error }: ConnectsReading): string | undefined {
  if (!failing) return undefined;
  return error === undefined ? 'connects fail' : `connects fail: ${error}`;
}
