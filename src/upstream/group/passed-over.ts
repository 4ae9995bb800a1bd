import type { BalanceError } from '../../errors.ts';
import type { LogSubject } from '../../plugin-api/index.ts';
import type { Member } from '../member.ts';

/** Why a backend that was looked at was not chosen: `failed` is one that this request could not be connected to. */
export type PassReason = 'unhealthy' | 'max_connections' | 'pool_full' | 'failed';

/** Times that a backend was passed over, by reason. */
export type PassCounts = Record<PassReason, number>;

/** Called for each backend that a request passed over; `error` is what connecting to it gave, with `failed`. */
export type PassListener = (
  request: LogSubject,
  member: Member,
  reason: PassReason,
  error: BalanceError | undefined,
) => void;

/**
 * Notes which members a balancer finds unavailable while it chooses for one request. Members tell it themselves when they are
 * asked, so that a choice among members that are all available costs nothing.
 */
export class PassedOver {
  readonly #told: PassListener | undefined;
  readonly #members = new Set<Member>();
  /** Members are asked at other times too. */
  isChoosing = false;

  constructor(told: PassListener | undefined) {
    this.#told = told;
  }

  note(member: Member): void {
    if (this.isChoosing) this.#members.add(member);
  }

  /** The choice is made for that request. */
  tell(request: LogSubject): void {
    this.isChoosing = false;
    if (this.#members.size === 0) return;
    for (const member of this.#members) this.count(request, member, reasonOf(member));
    this.#members.clear();
  }

  count(request: LogSubject, member: Member, reason: PassReason, error?: BalanceError): void {
    member.backend.passedOver[reason] += 1;
    this.#told?.(request, member, reason, error);
  }
}

function reasonOf(member: Member): PassReason {
  if (!member.healthy) return 'unhealthy';
  return member.isHeldUpByPool ? 'pool_full' : 'max_connections';
}
