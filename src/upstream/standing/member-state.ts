import type { AgentSays } from '../../readings/upstreams/health.ts';
import type { MemberState } from '../../readings/upstreams/upstream.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Ejection } from './ejection.ts';
import type { HandState } from './hand-state.ts';
import type { MemberStanding } from './member-standing.ts';

/** What checks and the agent of a backend say. */
interface HealthParts {
  readonly healthy: boolean;
  readonly lastCheckAtMs?: number | undefined;
  readonly agent?: AgentSays | undefined;
}

/** The parts of a member's state. */
interface StateParts {
  readonly weight: number;
  readonly health: HealthParts | undefined;
  readonly standing: MemberStanding;
  readonly ejection: Ejection | undefined;
  readonly breaker: CircuitBreaker | undefined;
}

/** What the parts of a member's state come to. */
export interface MemberVerdict {
  /** It may get new requests. */
  readonly up: boolean;
  /** It may get requests of clients that it serves already. */
  readonly takesSessions: boolean;
  /** Its checks, or the operator in their place, find nothing wrong. True also while it is taken out. */
  readonly sound: boolean;
  /** An operator or its agent has taken it out. */
  readonly isTakenOut: boolean;
  /** Nothing but its checks keeps requests from it. */
  readonly failsChecks: boolean;
}

/** All verdicts that there are: a member's verdict is one of these, so that none is made at a change. */
const OUT: MemberVerdict = {
  up: false,
  takesSessions: false,
  sound: true,
  isTakenOut: true,
  failsChecks: false,
};
const OUT_AND_DOWN: MemberVerdict = { ...OUT, sound: false };
const DRAINING: MemberVerdict = { ...OUT, takesSessions: true };
const CUT_OFF: MemberVerdict = { ...OUT, sound: true, isTakenOut: false };
const UP: MemberVerdict = { ...CUT_OFF, up: true, takesSessions: true };
const PANIC: MemberVerdict = { ...UP, sound: false };
const DOWN: MemberVerdict = { ...CUT_OFF, sound: false };
const FAILS_CHECKS: MemberVerdict = { ...DOWN, failsChecks: true };

/**
 * An operator's word and then the agent's come first, then the breaker, which protects the backend even while the upstream panics, then
 * the checks.
 *
 * @param panics whether checks are ignored, as too few backends of the upstream pass theirs
 */
export function verdictOn(
  { health, standing, ejection, breaker }: StateParts,
  panics: boolean,
): MemberVerdict {
  const hand = standing.hand?.state;
  const isSound =
    hand === 'healthy' || (hand !== 'unhealthy' && health?.healthy !== false && ejection?.isOut !== true);
  const taken = takenOutBy(hand, health?.agent);
  if (taken !== undefined) {
    if (!isSound) return OUT_AND_DOWN;
    return taken === 'draining' && breaker?.state !== 'open' ? DRAINING : OUT;
  }
  if (breaker?.state === 'open') return isSound ? CUT_OFF : DOWN;
  if (isSound) return UP;
  if (hand === 'unhealthy') return DOWN;
  if (panics) return PANIC;
  // An agent knows why its backend is down.
  return health?.agent?.isDown === true ? DOWN : FAILS_CHECKS;
}

/** Whether an operator, or else the agent, has taken the backend out. An agent that leaves it 0 % of its weight lets it drain. */
function takenOutBy(
  hand: HandState['state'] | undefined,
  agent: AgentSays | undefined,
): 'maintenance' | 'draining' | undefined {
  if (hand === 'maintenance' || agent?.admin === 'maint') return 'maintenance';
  return hand === 'draining' || agent?.admin === 'drain' || agent?.share === 0 ? 'draining' : undefined;
}

/** The state of a member in one word: the first that applies. */
export function stateOf({ weight, health, standing, ejection, breaker }: StateParts): MemberState {
  const hand = standing.hand?.state;
  const taken = takenOutBy(hand, health?.agent);
  if (taken !== undefined) return taken;
  if (weight === 0) return 'off';
  if (breaker?.state === 'open' || breaker?.state === 'half-open') return breaker.state;
  if (hand === 'healthy') return 'up';
  if (hand === 'unhealthy' || health?.healthy === false) return 'down';
  if (ejection?.isOut === true) return 'ejected';
  return health?.lastCheckAtMs === undefined ? 'unknown' : 'up';
}
