import { BalanceError } from '../errors.ts';
import type { DialOptions } from '../net/dial.ts';
import type { KeySource, LeaseRequest, PendingLease, SocketUse, Upstream } from '../plugin-api/index.ts';
import type { Balancer, PickContext } from './balancer/balancer.ts';
import type { Member } from './member.ts';
import { SocketLease, type LeaseOwner } from './socket-lease.ts';
import { WaitingLine } from './waiting-line.ts';

/** How a wait for a backend below its limit ended: also that of one who was refused because too many waited. */
export interface QueueEnd {
  readonly upstream: string;
  readonly outcome: 'served' | 'timeout' | 'left' | 'refused';
  readonly waitedMs: number;
}

export interface UpstreamOptions {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly balancer: Balancer<Member>;
  /** Makes the balancer once more, for who still asks after {@link UpstreamGroup.retire} let go of it. */
  readonly remakeBalancer?: () => Balancer<Member>;
  readonly members: readonly Member[];
  readonly readTimeoutMs: number;
  /** Leases that may wait at a time for a backend below its limit. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  readonly queueEnded?: ((end: QueueEnd) => void) | undefined;
  readonly dial: DialOptions;
}

/** The members of an upstream, for as long as no edit changes it, and the way to a lease: choose, connect, try the next, or wait. */
export class UpstreamGroup implements LeaseOwner {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly readTimeoutMs: number;
  readonly members: readonly Member[];
  #balancer: Balancer<Member>;
  readonly #remakeBalancer: (() => Balancer<Member>) | undefined;
  readonly #dialOptions: DialOptions;
  readonly #line: WaitingLine<SocketLease>;
  readonly #queueEnded: UpstreamOptions['queueEnded'];
  #stopListening: readonly (() => void)[] = [];
  #retired = false;
  /** Re-used for each pick, as a balancer does not keep it. */
  readonly #context: { key: string | undefined; exclude: ReadonlySet<Member> | undefined } = {
    key: undefined,
    exclude: undefined,
  };

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.algorithm = options.algorithm;
    this.keySource = options.keySource;
    this.readTimeoutMs = options.readTimeoutMs;
    this.members = options.members;
    this.#balancer = options.balancer;
    this.#remakeBalancer = options.remakeBalancer;
    this.#dialOptions = options.dial;
    this.#queueEnded = options.queueEnded;
    this.#line = new WaitingLine(options.queueSize, options.queueTimeoutMs, (lease, waitedMs) => {
      this.#waited('timeout', waitedMs);
      lease.refuse(
        unavailable('queue_timeout', `all backends of ${this.name} are at their connection limit`),
      );
      this.#restWhenRetired();
    });
    this.#listen();
  }

  /** Leases that wait for a backend below its limit. */
  get waiting(): number {
    return this.#line.length;
  }

  /** This upstream as a protocol sees it, for one use of sockets. */
  forUse(use: SocketUse): Upstream {
    return new UpstreamView(this, use);
  }

  acquire(request: LeaseRequest, use: SocketUse): PendingLease {
    const lease = new SocketLease(this, request, use, this.#dialOptions);
    const member = this.#pick(lease);
    if (member !== undefined) lease.begin(member, request.immediate);
    else if (!this.#wait(lease)) this.#refuse(lease);
    return lease;
  }

  connectFailed(lease: SocketLease, member: Member, error: BalanceError): void {
    lease.lastError = error;
    lease.request.connectFailed?.(member.backend, error);
    (lease.tried ??= new Set()).add(member);
    const next = this.#pick(lease);
    if (next !== undefined) lease.begin(next);
    else if (!this.#wait(lease)) lease.refuse(error);
  }

  /** The member that a request with that key would get now; undefined when there is none or chance decides. */
  peek(key: string | undefined): Member | undefined {
    return this.#balancer.peek?.({ key, exclude: undefined });
  }

  cancelled(lease: SocketLease): void {
    this.#waited('left', this.#line.leave(lease));
    this.#restWhenRetired();
  }

  /** Goes on in the turns of the group whose place it takes, so that an edit favours nobody. */
  resume(previous: UpstreamGroup): void {
    this.#balancer.resume?.(previous.#balancer);
  }

  /**
   * An edit put another group in its place. Leases that run or wait, and the few that exchanges under way still ask for,
   * are served as before, but it costs next to nothing while there are none: many may stand behind one tunnel each.
   */
  retire(): void {
    this.#retired = true;
    if (this.#remakeBalancer !== undefined) this.#balancer = new LateBalancer(this.#remakeBalancer);
    this.#restWhenRetired();
  }

  /** Stops listening to backends. Leases that run are not touched. */
  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
  }

  #listen(): void {
    if (this.#stopListening.length > 0) return;
    this.#stopListening = this.members.map(({ backend }) => backend.onFree(this.#onFree));
  }

  readonly #onFree = (): void => {
    if (this.#line.length === 0) return;
    this.#serveLine();
    this.#restWhenRetired();
  };

  #restWhenRetired(): void {
    if (this.#retired && this.#line.length === 0) this.close();
  }

  #pick(lease: SocketLease): Member | undefined {
    this.#context.key = lease.request.key;
    this.#context.exclude = lease.tried;
    return this.#balancer.pick(this.#context satisfies PickContext);
  }

  /** True when a healthy backend exists and only its limit is in the way. */
  #wait(lease: SocketLease): boolean {
    const worthIt = this.members.some(
      (member) => member.healthy && member.weight > 0 && lease.tried?.has(member) !== true,
    );
    if (!worthIt || !this.#line.join(lease)) return false;
    if (this.#retired) this.#listen();
    return true;
  }

  #refuse(lease: SocketLease): void {
    const full =
      this.#line.length >= this.#line.maxSize &&
      this.members.some((member) => member.healthy && member.weight > 0);
    if (full) this.#waited('refused', 0);
    const error = full
      ? unavailable(
          'queue_full',
          `all backends of ${this.name} are at their connection limit and the queue is full`,
        )
      : unavailable('no_backend', `${this.name} has no healthy backend`);
    // The caller gets its pending lease before it gets an answer.
    queueMicrotask(() => {
      lease.refuse(error);
    });
  }

  #waited(outcome: QueueEnd['outcome'], waitedMs: number | undefined): void {
    if (waitedMs !== undefined) this.#queueEnded?.({ upstream: this.name, outcome, waitedMs });
  }

  #serveLine(): void {
    for (;;) {
      const lease = this.#line.first();
      if (lease === undefined) return;
      const member = this.#pick(lease);
      if (member === undefined) return;
      this.#waited('served', this.#line.leave(lease));
      lease.begin(member);
    }
  }
}

/** A balancer that is made when somebody needs it. */
class LateBalancer implements Balancer<Member> {
  readonly #make: () => Balancer<Member>;
  #made: Balancer<Member> | undefined;

  constructor(make: () => Balancer<Member>) {
    this.#make = make;
  }

  pick(context: PickContext): Member | undefined {
    this.#made ??= this.#make();
    return this.#made.pick(context);
  }
}

class UpstreamView implements Upstream {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly readTimeoutMs: number;
  readonly #group: UpstreamGroup;
  readonly #use: SocketUse;

  constructor(group: UpstreamGroup, use: SocketUse) {
    this.name = group.name;
    this.algorithm = group.algorithm;
    this.keySource = group.keySource;
    this.readTimeoutMs = group.readTimeoutMs;
    this.#group = group;
    this.#use = use;
  }

  acquire(request: LeaseRequest): PendingLease {
    return this.#group.acquire(request, this.#use);
  }
}

function unavailable(code: 'no_backend' | 'queue_full' | 'queue_timeout', message: string): BalanceError {
  return new BalanceError(code, message, { origin: 'upstream', retryable: true, status: 503 });
}
