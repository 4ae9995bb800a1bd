import type { MemberState } from '../../readings/upstream.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Ejection } from './ejection.ts';
import type { MemberStanding } from './member-standing.ts';

/** The parts of a member's state. */
interface StateParts {
  readonly weight: number;
  readonly health: { readonly healthy: boolean; readonly lastCheckAtMs?: number | undefined } | undefined;
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
  /** Its checks, or the operator in their place, find nothing wrong. */
  readonly sound: boolean;
  /** An operator has taken it out. */
  readonly isTakenOut: boolean;
  /** Nothing but its checks keeps requests from it. */
  readonly failsChecks: boolean;
}

/** All verdicts that there are: a member's verdict is one of these, so that none is made at a change. */
const OUT: MemberVerdict = {
  up: false,
  takesSessions: false,
  sound: false,
  isTakenOut: true,
  failsChecks: false,
};
const DRAINING: MemberVerdict = { ...OUT, takesSessions: true };
const CUT_OFF: MemberVerdict = { ...OUT, sound: true, isTakenOut: false };
const UP: MemberVerdict = { ...CUT_OFF, up: true, takesSessions: true };
const PANIC: MemberVerdict = { ...UP, sound: false };
const DOWN: MemberVerdict = { ...CUT_OFF, sound: false };
const FAILS_CHECKS: MemberVerdict = { ...DOWN, failsChecks: true };

/**
 * An operator's word comes first, then the breaker, which protects the backend even while the upstream panics, then the checks.
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
  if (hand === 'maintenance') return OUT;
  if (hand === 'draining') return isSound && breaker?.state !== 'open' ? DRAINING : OUT;
  if (breaker?.state === 'open') return isSound ? CUT_OFF : DOWN;
  if (isSound) return UP;
  if (hand === 'unhealthy') return DOWN;
  return panics ? PANIC : FAILS_CHECKS;
}

/** The state of a member in one word: the first that applies. */
export function stateOf({ weight, health, standing, ejection, breaker }: StateParts): MemberState {
  const hand = standing.hand?.state;
  if (hand === 'maintenance' || hand === 'draining') return hand;
  if (weight === 0) return 'off';
  if (breaker?.state === 'open' || breaker?.state === 'half-open') return breaker.state;
  if (hand === 'healthy') return 'up';
  if (hand === 'unhealthy' || health?.healthy === false) return 'down';
  if (ejection?.isOut === true) return 'ejected';
  return health?.lastCheckAtMs === undefined ? 'unknown' : 'up';
}
