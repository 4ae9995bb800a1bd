import { performance } from 'node:perf_hooks';
import type { Dialer } from '../../../src/net/dial/dialer.ts';
import type { Lease, LeaseRequest } from '../../../src/plugin-api/index.ts';
import { BackendState } from '../../../src/upstream/backend/backend-state.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { Member } from '../../../src/upstream/group/member.ts';
import { UpstreamGroup } from '../../../src/upstream/group/upstream-group.ts';
import type { Channel } from '../../../src/upstream/pool/channel.ts';
import type { ChannelPool, PoolWaiter } from '../../../src/upstream/pool/channel-pool.ts';

const IN_FLIGHT = 64;

/** One kind of upstream with its members. */
export interface GroupScenario {
  readonly title: string;
  readonly isDown: (at: number) => boolean;
  /** Leases at most; 0: no limit. */
  readonly limit: (at: number) => number;
  /** Leases that wait all the time. Default: 0. */
  readonly waiting?: number;
  /** Instead of leases that begin and end, backends that go down and come up. Default: false. */
  readonly flaps?: boolean;
}

export const GROUP_SCENARIOS: readonly GroupScenario[] = [
  { title: 'all up', isDown: () => false, limit: () => 0 },
  { title: 'half down', isDown: (at) => at % 2 === 0, limit: () => 0 },
  { title: 'half full', isDown: () => false, limit: (at) => (at % 2 === 0 ? -1 : 0) },
  { title: 'all down', isDown: () => true, limit: () => 0 },
  { title: 'all full, no queue', isDown: () => false, limit: () => -1 },
  { title: 'all full, 1,000 wait', isDown: () => false, limit: () => 1, waiting: 1_000 },
  { title: 'backends flap', isDown: () => false, limit: () => 0, flaps: true },
];

const noDialer: Dialer = {
  key: '',
  dial: () => {
    throw new Error('nothing is dialled');
  },
};

/** Gives each lease the same channel at once. */
class BenchPool implements ChannelPool {
  readonly isFull = false;
  readonly #channel = { uses: 2, holder: undefined, isUsable: true } as unknown as Channel;

  reserve(): boolean {
    return true;
  }

  take(waiter: PoolWaiter): undefined {
    waiter.taken(this.#channel);
  }

  release(): void {
    this.#channel.holder = undefined;
  }

  forget(): void {
    this.#channel.holder = undefined;
  }
}

/** A request whose lease goes to `leases`. */
class BenchRequest implements LeaseRequest {
  readonly key = undefined;
  readonly fresh = false;
  readonly immediate = true;
  readonly #leases: Lease[];

  constructor(leases: Lease[]) {
    this.#leases = leases;
  }

  leased(lease: Lease): void {
    this.#leases.push(lease);
  }

  refused(): void {
    // It was counted by the time that it took.
  }
}

/** A group of the runtime, without sockets. */
export class GroupRun {
  readonly #group: UpstreamGroup;
  readonly #members: readonly Member[];
  readonly #health: readonly { healthy: boolean }[];
  readonly #leases: Lease[] = [];
  readonly #flaps: boolean;
  #at = 0;

  constructor({ isDown, limit, waiting = 0, flaps = false }: GroupScenario, count: number) {
    this.#flaps = flaps;
    this.#health = Array.from({ length: count }, (_, at) => ({ healthy: !isDown(at) }));
    this.#members = this.#health.map((health, at) => memberOf(at, health, limit(at)));
    this.#group = new UpstreamGroup({
      name: 'bench',
      algorithm: 'least-connections',
      keySource: undefined,
      makeBalancer: (members) =>
        createBalancer({ algorithm: 'least-connections', load_factor: 1.25 }, members),
      readTimeoutMs: 0,
      queueSize: waiting,
      queueTimeoutMs: 600_000,
      poolTimeoutMs: 600_000,
      panic: {
        thresholdPercent: 0,
        observe: () => ({ panicChanged: () => undefined, ended: () => undefined }),
      },
      onFault: (error) => {
        throw error;
      },
    });
    this.#group.setMembers(this.#members);
    const begun = waiting === 0 ? IN_FLIGHT : count + waiting;
    for (let at = 0; at < begun; at++) this.#ask();
  }

  /** Nanoseconds for a request: its lease, and the end of an earlier one. */
  batch(requests: number): number {
    const begun = performance.now();
    for (let done = 0; done < requests; done++) this.#step();
    return ((performance.now() - begun) * 1e6) / requests;
  }

  close(): void {
    this.#group.setMembers([]);
    this.#group.close();
  }

  #step(): void {
    if (this.#flaps) {
      const at = this.#at++ % this.#members.length;
      const health = this.#health[at];
      if (health !== undefined) health.healthy = !health.healthy;
      this.#members[at]?.noteChange();
      return;
    }
    this.#leases.shift()?.end(undefined, 200, Number.POSITIVE_INFINITY);
    this.#ask();
  }

  #ask(): void {
    this.#group.acquire(new BenchRequest(this.#leases), 'keep-alive');
  }
}

/** @param limit as of {@link GroupScenario}; -1 for a member that is full from the beginning */
function memberOf(at: number, health: { healthy: boolean }, limit: number): Member {
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
  const backend = new BackendState(at, `backend-${String(at)}`, address, '127.0.0.1:1');
  const member = new Member({
    backend,
    weight: 1,
    maxConnections: Math.abs(limit),
    dialer: noDialer,
    health,
  });
  if (limit < 0) backend.active = 1;
  member.setPool('keep-alive', new BenchPool());
  return member;
}
