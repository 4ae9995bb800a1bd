import type {
  Backend,
  KeySource,
  LeaseRequest,
  PendingLease,
  SocketUse,
  Upstream,
} from '../plugin-api/index.ts';
import type { UpstreamGroup } from './upstream-group.ts';

/** An upstream as a protocol sees it, for one use of sockets. */
export class UpstreamView implements Upstream {
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

  takes(backend: Backend): boolean {
    return this.#group.takes(backend);
  }
}
