import { onTestFinished } from 'vitest';

import { parseAddress } from '../../../src/config/values/address.ts';
import type { BalanceError } from '../../../src/errors.ts';
import { SocketDialer } from '../../../src/net/dial/socket-dialer.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type {
  KeySource,
  Lease,
  LeaseRequest,
  PendingLease,
  SocketUse,
} from '../../../src/plugin-api/index.ts';
import type { QueueRecord } from '../../../src/readings/upstreams/upstream.ts';
import { BackendState } from '../../../src/upstream/backend/backend-state.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import type { SharedTurns } from '../../../src/upstream/balancer/contract/shared-turns.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { RequestCount } from '../../../src/upstream/concurrency/request-count.ts';
import { RequestLimit } from '../../../src/upstream/concurrency/request-limit.ts';
import { Member } from '../../../src/upstream/group/member.ts';
import type { LeaseHome } from '../../../src/upstream/group/upstream-options.ts';
import type { UpstreamShare } from '../../../src/upstream/sharing/upstream-share.ts';
import { SocketPool } from '../../../src/upstream/pool/socket-pool.ts';
import { UpstreamGroup } from '../../../src/upstream/group/upstream-group.ts';
import type { UpstreamObserver } from '../../../src/upstream/group/upstream-observer.ts';
import { eventually } from '../time/eventually.ts';
import { fixedNames } from '../addresses/fixed-names.ts';
import { owned } from '../owned.ts';
import { PATIENCE_MS } from '../time/patience.ts';

export interface GroupOptions {
  readonly maxConnections?: number;
  readonly queueSize?: number;
  readonly queueTimeoutMs?: number;
  readonly poolTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly pooled?: boolean;
  /** Of the pool; 0: no limit. */
  readonly maxSize?: number;
  /** Default: requests are not limited. */
  readonly maxRequests?: number;
  readonly weight?: number;
  readonly keySource?: KeySource;
  readonly home?: LeaseHome;
  /** What the group shares with those of other workers. Default: there are none. */
  readonly share?: UpstreamShare;
  /** Further callbacks, beside the one for the ends of waits. */
  readonly observer?: Partial<UpstreamObserver>;
}

/** A group, and what a test moves about it. */
export interface GroupLab {
  readonly group: UpstreamGroup;
  readonly members: readonly Member[];
  /** Of the members, in their order. */
  readonly health: readonly { healthy: boolean }[];
  /** Exceptions of the protocol. */
  readonly faults: readonly unknown[];
  /** How waits ended. */
  readonly ends: readonly QueueRecord[];
}

/** Health that a test sets, and that its member hears of. */
class SetHealth {
  #healthy = true;
  #member: Member | undefined;

  follow(member: Member): void {
    this.#member = member;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  set healthy(healthy: boolean) {
    this.#healthy = healthy;
    this.#member?.noteChange();
  }
}

/** A server that a group is made over: its counts outlive the group. */
export function backendAt(address: string, index = 0): BackendState {
  return new BackendState(index, `b${index}`, parseAddress(address), address);
}

/** An upstream over backends at these addresses. */
export function groupOf(addresses: readonly string[], options: GroupOptions = {}): GroupLab {
  return groupOver(addresses.map(backendAt), options);
}

/** An upstream over these backends. */
export function groupOver(backends: readonly BackendState[], options: GroupOptions = {}): GroupLab {
  const faults: unknown[] = [];
  const ends: QueueRecord[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  const dialer = new SocketDialer(
    { connectTimeoutMs: options.connectTimeoutMs ?? PATIENCE_MS, keepAliveMs: 0 },
    { names: fixedNames(), buffers: new ReadBuffers(), onFault },
  );
  const { maxRequests } = options;
  const health = backends.map(() => new SetHealth());
  const members = backends.map((backend, index) => {
    const member = new Member({
      backend,
      dialer,
      weight: options.weight ?? 1,
      maxConnections: options.maxConnections ?? 0,
      requests:
        maxRequests === undefined ? undefined : new RequestLimit(maxRequests, new RequestCount(), undefined),
      health: health[index],
    });
    health[index]?.follow(member);
    if (options.pooled === true) {
      const settings = {
        maxSize: options.maxSize ?? 10,
        minIdle: 0,
        maxIdle: 0,
        maxIdleTimeMs: 0,
        maxAgeMs: 0,
        validateOnBorrow: true,
      };
      member.setPool('keep-alive', owned(new SocketPool(backend, 'keep-alive', settings, dialer)));
    }
    return member;
  });
  const makeOne = (over: readonly Member[]): Balancer<Member> => makeBalancer(over, options.share?.turns);
  const group = owned(
    new UpstreamGroup({
      name: 'group',
      algorithm: 'round-robin',
      keySource: options.keySource,
      makeBalancer: makeOne,
      readTimeoutMs: 0,
      queueSize: options.queueSize ?? 10,
      queueTimeoutMs: options.queueTimeoutMs ?? PATIENCE_MS,
      poolTimeoutMs: options.poolTimeoutMs ?? PATIENCE_MS,
      observer: {
        passedOver: () => undefined,
        queueEnded: (end) => void ends.push(end),
        ...options.observer,
      },
      onFault,
      home: options.home,
      share: options.share,
    }),
  );
  group.setMembers(members, makeOne(members));
  return { group, members, health, faults, ends };
}

/** Takes turns, beginning with the first. */
function makeBalancer(members: readonly Member[], turns?: SharedTurns): Balancer<Member> {
  return createBalancer(
    { algorithm: 'round-robin' } as Parameters<typeof createBalancer>[0],
    members,
    () => 0,
    turns,
  );
}

/** Asks for a lease and keeps the answer. */
export class Asker implements LeaseRequest {
  readonly key = undefined;
  readonly fresh: boolean;
  lease: Lease | undefined;
  error: BalanceError | undefined;
  answers = 0;
  readonly pending: PendingLease;
  readonly #group: UpstreamGroup;

  constructor(group: UpstreamGroup, use: SocketUse = 'once', fresh = false, protocol?: string) {
    this.#group = group;
    this.fresh = fresh;
    this.pending = this.#group.acquire(this, use, protocol);
    if (this.answers > 0) throw new Error('answered before acquire() returned');
  }

  leased(lease: Lease): void {
    this.answers += 1;
    this.lease = lease;
    onTestFinished(() => {
      lease.end(undefined, 0, 0);
    });
  }

  refused(error: BalanceError): void {
    this.answers += 1;
    this.error = error;
  }

  async answered(): Promise<this> {
    await eventually(() => this.answers > 0, 'the request was answered');
    return this;
  }
}
