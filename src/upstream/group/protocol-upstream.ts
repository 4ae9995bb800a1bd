import { AcceptedConnection } from '../../net/listen/accepted-connection.ts';
import type { LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type {
  Backend,
  KeySource,
  LeaseRequest,
  PendingLease,
  SocketUse,
  StickySource,
  Upstream,
  UpstreamRecovery,
} from '../../plugin-api/index.ts';
import { tellFound } from './lease-calls.ts';
import type { UpstreamGroup } from './upstream-group.ts';

/** An upstream as one protocol sees it, for one use of sockets. */
export class ProtocolUpstream implements Upstream {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly readTimeoutMs: number;
  readonly perClient: boolean;
  readonly secure: boolean;
  readonly recovery: UpstreamRecovery | undefined;
  readonly sticky: StickySource | undefined;
  readonly #group: UpstreamGroup;
  readonly #use: SocketUse;
  readonly #protocol: string;
  readonly #scope: LifetimeScope | undefined;

  constructor(group: UpstreamGroup, use: SocketUse, protocol: string, scope: LifetimeScope | undefined) {
    this.name = group.name;
    this.algorithm = group.algorithm;
    this.keySource = group.keySource;
    this.readTimeoutMs = group.readTimeoutMs;
    this.perClient = group.perClient;
    this.secure = group.secure;
    this.recovery = group.recovery;
    this.sticky = group.sticky;
    this.#group = group;
    this.#use = use;
    this.#protocol = protocol;
    this.#scope = scope;
  }

  acquire(request: LeaseRequest): PendingLease {
    const scope = this.#scope;
    if (scope === undefined) return this.#group.acquire(request, this.#use, this.#protocol);
    const { heldBy } = request;
    const holder = heldBy instanceof AcceptedConnection ? heldBy.scope : scope;
    return this.#group.acquire(request, this.#use, this.#protocol, holder);
  }

  takes(backend: Backend): boolean {
    return this.#group.takes(backend);
  }

  knowsSession(session: string): boolean {
    return this.#group.memberOf(session) !== undefined;
  }

  findOutIfGone(backend: Backend, done: (isGone: boolean) => void): void {
    this.#group.findOutIfGone(backend, (isGone) => {
      tellFound(done, isGone, this.#group.onFault);
    });
  }
}
