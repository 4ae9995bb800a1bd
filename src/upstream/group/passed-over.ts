import type { BalanceError } from '../../errors.ts';
import type { LogSubject } from '../../plugin-api/index.ts';
import type { PassReason } from '../backend/backend-state.ts';
import type { MemberState } from '../../readings/upstreams/upstream.ts';
import type { Member } from './member.ts';
import type { UpstreamObserver } from './upstream-observer.ts';

/**
 * Notes which members a balancer finds unavailable while it chooses for one request. The members note it themselves when they are
 * asked, so that a choice among members that are all available costs nothing.
 */
export class PassedOver {
  readonly #observer: UpstreamObserver | undefined;
  readonly #members = new Set<Member>();
  /** True while a balancer chooses. At other times, notes of members are ignored. */
  isChoosing = false;

  constructor(observer: UpstreamObserver | undefined) {
    this.#observer = observer;
  }

  note(member: Member): void {
    if (this.isChoosing) this.#members.add(member);
  }

  /** The choice for that request is made: counts what was noted, but for the member that it gets after all. */
  chosen(request: LogSubject, chosen: Member | undefined): void {
    this.isChoosing = false;
    if (chosen !== undefined) this.#members.delete(chosen);
    if (this.#members.size === 0) return;
    for (const member of this.#members) this.count(request, member, reasonOf(member));
    this.#members.clear();
  }

  /** Counts one member. @param error why connecting failed, with reason `failed` */
  count(request: LogSubject, member: Member, reason: PassReason, error?: BalanceError): void {
    member.backend.passedOver[reason] += 1;
    this.#observer?.passedOver(request, member, reason, error);
  }
}

function reasonOf(member: Member): PassReason {
  if (!member.up || member.breaker?.hasRoom === false) return reasonOfState(member.state);
  if (member.requests?.hasRoom === false) return 'max_requests';
  return member.isHeldUpByPool ? 'pool_full' : 'max_connections';
}

function reasonOfState(state: MemberState): PassReason {
  if (state === 'open' || state === 'half-open') return 'circuit_open';
  return state === 'ejected' || state === 'draining' || state === 'maintenance' ? state : 'unhealthy';
}
