import type { Balancer } from '../balancer/contract/balancer.ts';
import { AWAY, KEPT, type Sessions } from '../stickiness/sessions.ts';
import { SlowStart } from '../slow-start/slow-start.ts';
import type { Member } from './member.ts';
import type { UpstreamLease } from './upstream-lease.ts';
import type { UpstreamOptions } from './upstream-options.ts';

type ChoiceOptions = Pick<UpstreamOptions, 'makeBalancer' | 'sticky' | 'slowStart'>;

/** Chooses a member for a lease: the one that the client belongs to, or that of the balancer. */
export class MemberChoice {
  #members: readonly Member[] = [];
  /** Made with the next lease if {@link replace} brought none; {@link rest} clears it. */
  #balancer: Balancer<Member> | undefined = undefined;
  /**
   * Gives second tries, after first ones and beside them, their own turns; made for the first of them. If they took turns of first tries, a bad
   * backend of two would get every first try: each second try would take the turn of the other one.
   */
  #others: Balancer<Member> | undefined = undefined;
  readonly #makeBalancer: UpstreamOptions['makeBalancer'];
  /** Undefined where clients are not kept at their backends. */
  readonly #sessions: Sessions<Member> | undefined;
  /** Undefined where backends get their whole weight at once. */
  readonly #slowStart: SlowStart | undefined;
  /** Re-used for each pick: balancers do not keep it. */
  readonly #context: { key: string | undefined; exclude: ReadonlySet<Member> | undefined } = {
    key: undefined,
    exclude: undefined,
  };

  constructor({ makeBalancer, sticky, slowStart }: ChoiceOptions) {
    this.#makeBalancer = makeBalancer;
    this.#sessions = sticky?.sessions;
    this.#slowStart =
      slowStart &&
      new SlowStart(slowStart, (at) => {
        this.changed(at);
      });
  }

  /**
   * From now on these are the members.
   *
   * @param balancer over these members; it takes over the turns of the previous balancer. Default: made when it is needed
   */
  replace(members: readonly Member[], balancer: Balancer<Member> | undefined): void {
    if (this.#balancer !== undefined) balancer?.resume?.(this.#balancer);
    this.#balancer = balancer;
    this.#others = undefined;
    this.#members = members;
    this.#sessions?.follow(members);
    this.#slowStart?.watch(members);
  }

  /** Takes over the turns of the choice of an earlier group. */
  resume(previous: MemberChoice): void {
    if (previous.#balancer !== undefined) this.#balancer?.resume?.(previous.#balancer);
  }

  /** Few leases follow, if any. */
  rest(): void {
    this.#balancer = undefined;
    this.#others = undefined;
    this.#slowStart?.stop();
  }

  /** The state of the member at that index has changed. */
  look(at: number): void {
    this.#slowStart?.memberChanged(at);
  }

  /** The member at that index may serve again, has fewer leases, or another factor. */
  changed(at: number): void {
    this.#balancer?.changed(at);
    this.#others?.changed(at);
  }

  /** Nobody told the balancer what became of the members for a while. */
  lookAtAll(): void {
    if (this.#balancer !== undefined || this.#others !== undefined)
      for (let at = 0; at < this.#members.length; at++) this.changed(at);
  }

  /** A member that is available and not excluded; undefined when there is none. */
  pick(lease: UpstreamLease, exclude: ReadonlySet<Member> | undefined): Member | undefined {
    const balancer = this.#balancerFor(lease);
    this.#context.key = lease.keyCounts ? lease.request.key : undefined;
    this.#context.exclude = exclude;
    return this.#sessions === undefined
      ? balancer.pick(this.#context)
      : this.#pickForSession(lease, this.#sessions, balancer);
  }

  #balancerFor({ request, tried }: UpstreamLease): Balancer<Member> {
    const balancer = (this.#balancer ??= this.#makeBalancer(this.#members));
    const isFirst = request.isSpare !== true && tried === undefined && request.avoid === undefined;
    // One without turns has none to shift.
    if (isFirst || balancer.resume === undefined) return balancer;
    return (this.#others ??= this.#makeBalancer(this.#members, true));
  }

  /** The member that a request with that key would get now; undefined when there is none or chance decides. */
  peek(key: string | undefined): Member | undefined {
    return this.#balancer?.peek?.({ key, exclude: undefined });
  }

  /** The member of the client with that value, found out only; undefined when it may go to any. */
  memberOf(session: string): Member | undefined {
    return this.#sessions?.memberOf(session, false);
  }

  /**
   * The member that the client belongs to, or, when that one is gone, down, full or was tried already, another one. The client stays with
   * a member that is only full: its next request goes there again. A member that this lease was to begin with, and that did not serve it,
   * never had the client: what became of the client is then what the first choice said.
   */
  #pickForSession(
    lease: UpstreamLease,
    sessions: Sessions<Member>,
    balancer: Balancer<Member>,
  ): Member | undefined {
    const { session } = lease.request;
    const own = session === undefined ? undefined : sessions.memberOf(session, true);
    const isOwnTried = own === undefined || this.#context.exclude?.has(own) === true;
    const first = lease.firstStickiness;
    if (!isOwnTried && own.hasRoomFor(lease.use)) {
      lease.sticky = first ?? KEPT;
      return own;
    }
    const picked = balancer.pick(this.#context);
    if (picked === undefined) lease.sticky = undefined;
    else if (!isOwnTried && first === undefined) lease.sticky = AWAY;
    else {
      const given = sessions.assign(session, picked);
      lease.sticky =
        first === undefined || given === undefined ? given : { ...given, outcome: first.outcome };
      lease.firstStickiness = first ?? given;
    }
    return picked;
  }
}
