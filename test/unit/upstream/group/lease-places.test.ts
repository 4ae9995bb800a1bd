import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { Asker, groupOf } from '../../../support/labs/group-lab.ts';
import { sharedGroups } from '../../../support/labs/shared-group-lab.ts';
import { backendConfig, sharedUpstreamLab } from '../../../support/labs/shared-upstream-lab.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { eventually } from '../../../support/time/eventually.ts';
import type { Lease, SocketUse } from '../../../../src/plugin-api/index.ts';
import type { Member } from '../../../../src/upstream/group/member.ts';
import type { UpstreamGroup } from '../../../../src/upstream/group/upstream-group.ts';

/** Lets the breaker of the member open, and waits until it is half-open. */
async function halfOpen(group: UpstreamGroup, member: Member): Promise<void> {
  const { lease } = await new Asker(group, 'keep-alive').answered();
  lease?.end('backend_reset', 0, 0);
  expect(member.breaker?.state).toBe('open');
  await eventually(() => member.breaker?.state === 'half-open', 'the breaker is half-open');
}

describe('what lets a half-open breaker try further requests although its lease goes on', () => {
  it.each<[string, SocketUse, (lease: Lease | undefined) => void]>([
    ['a tunnel in place of a response', 'keep-alive', (lease) => lease?.leavePool()],
    ['a connection that rests for its client', 'keep-alive', (lease) => lease?.pin(200, Infinity)],
    ['a connection that serves one client', 'once', () => undefined],
  ])('%s', async (_, use, goOn) => {
    const server = owned(await RecordingBackend.start());
    const { upstream } = await sharedUpstreamLab(
      [backendConfig(0, server.address)],
      'resilience: { circuit_breaker: { max_failures: 1, timeout: 20ms, recovery: 0 } }',
    );
    const { group } = upstream;
    const member = group.members[0]!;
    await halfOpen(group, member);
    const { lease } = await new Asker(group, use).answered();
    goOn(lease);
    expect(member.breaker?.state).toBe('closed');
    await halfOpen(group, member);
    expect(member.hasRoom).toBe(true);
  });
});

describe('a place of max_requests', () => {
  it.each([false, true])(
    'is free while a connection rests for its client (own connection: %s)',
    async (fresh) => {
      const server = owned(await RecordingBackend.start());
      const { upstream } = await sharedUpstreamLab([backendConfig(0, server.address, { max_requests: 2 })]);
      const requests = upstream.members[0]!.requests!;
      const { lease } = await new Asker(upstream.group, 'keep-alive', fresh).answered();
      const running = [requests.running];
      for (let exchange = 0; exchange < 2; exchange++) {
        lease?.pin(200, Infinity);
        running.push(requests.running);
        expect(lease?.resume()).toBe(true);
        running.push(requests.running);
      }
      lease?.end(undefined, 200, 0);
      expect([...running, requests.running]).toEqual([1, 0, 1, 0, 1, 0]);
    },
  );

  it('is no matter to a connection that serves one client alone', async () => {
    const server = owned(await RecordingBackend.start());
    const { upstream } = await sharedUpstreamLab([backendConfig(0, server.address, { max_requests: 1 })]);
    const { group, members } = upstream;
    expect((await new Asker(group, 'keep-alive').answered()).lease).toBeDefined();
    expect(members[0]!.requests!.hasRoom).toBe(false);
    expect((await new Asker(group, 'once').answered()).lease).toBeDefined();
    expect(members[0]!.requests!.running).toBe(1);
  });

  it('is free while a tunnel runs over a connection of its own', async () => {
    const server = owned(await RecordingBackend.start());
    const { upstream } = await sharedUpstreamLab([backendConfig(0, server.address, { max_requests: 1 })]);
    const { lease } = await new Asker(upstream.group, 'keep-alive', true).answered();
    lease?.leavePool();
    expect((await new Asker(upstream.group, 'keep-alive').answered()).lease).toBeDefined();
  });
});

describe('a connection that serves one client alone', () => {
  it('does not wait for a full pool of connections for requests, and passes nobody over', async () => {
    const server = owned(await RecordingBackend.start());
    const { group, members } = groupOf([server.address], { pooled: true, maxSize: 1 });
    expect((await new Asker(group, 'keep-alive').answered()).lease).toBeDefined();
    const waiting = new Asker(group, 'keep-alive');
    expect((await new Asker(group, 'once').answered()).lease).toBeDefined();
    expect([waiting.answers, members[0]!.backend.passedOver.pool_full]).toEqual([0, 1]);
  });

  it('waits for a backend below its limit of connections, and not for a pool, where both are full', async () => {
    const server = owned(await RecordingBackend.start());
    const options = { pooled: true, maxSize: 1, maxConnections: 1, poolTimeoutMs: 1, queueTimeoutMs: 20 };
    const { group } = groupOf([server.address], options);
    expect((await new Asker(group, 'keep-alive').answered()).lease).toBeDefined();
    const { error } = await new Asker(group, 'once').answered();
    expect(error?.code).toBe('queue_timeout');
  });

  it('does not wait for requests of another worker that wait for max_requests', async () => {
    const server = owned(await RecordingBackend.start());
    const { workers } = sharedGroups(2, [server.address], { maxRequests: 1 });
    const [first, second] = workers.map(({ group }) => group);
    for (const group of [first!, second!])
      expect((await new Asker(group, 'keep-alive').answered()).lease).toBeDefined();
    const waiting = new Asker(first!, 'keep-alive');
    // Later than the time within which leases count as having come together.
    await wait(12);
    const tunnel = new Asker(second!, 'once');
    expect([first!.waiting, second!.waiting]).toEqual([1, 0]);
    expect((await tunnel.answered()).lease).toBeDefined();
    expect(waiting.answers).toBe(0);
  });

  it('goes to no backup while the backends before it are up, though these work on all requests that they may', async () => {
    const servers = [owned(await RecordingBackend.start()), owned(await RecordingBackend.start())];
    const { upstream } = await sharedUpstreamLab(
      servers.map(({ address }, at) => backendConfig(at, address, { max_requests: 1, backup: at === 0 })),
    );
    const names: (string | undefined)[] = [];
    for (const use of ['keep-alive', 'once', 'once'] as const)
      names.push((await new Asker(upstream.group, use).answered()).lease?.backend.name);
    expect(names).toEqual(['b1', 'b1', 'b1']);
  });
});

describe.each(['round-robin', 'weighted-round-robin'])('with %s, turns of first tries', (algorithm) => {
  /** A group over these backends, and a bad one among them. */
  async function lab(addresses: readonly string[]) {
    const { upstream } = await sharedUpstreamLab(
      addresses.map((address, number) => backendConfig(number, address)),
      `load_balancer: { algorithm: ${algorithm} }`,
    );
    return { group: upstream.group, bad: upstream.group.members[0]! };
  }

  async function addressesOf(count: number): Promise<string[]> {
    const servers = Array.from({ length: count }, () => RecordingBackend.start());
    return (await Promise.all(servers)).map((server) => owned(server).address);
  }

  it.each([true, undefined])('stay as they are for second tries (beside first ones: %s)', async (isSpare) => {
    const { group, bad } = await lab(await addressesOf(3));
    class Second extends Asker {
      get isSpare() {
        return bad.up && isSpare;
      }

      get avoid() {
        return new Set([bad.backend]);
      }
    }
    const firsts: Record<string, number> = {};
    const seconds: Record<string, number> = {};
    for (let request = 0; request < 12; request++) {
      const { lease } = await new Asker(group).answered();
      const first = lease?.backend.name ?? 'none';
      firsts[first] = (firsts[first] ?? 0) + 1;
      if (lease?.backend !== bad.backend) continue;
      const second = (await new Second(group).answered()).lease?.backend.name ?? 'none';
      seconds[second] = (seconds[second] ?? 0) + 1;
    }
    expect(firsts).toEqual({ b0: 4, b1: 4, b2: 4 });
    expect(seconds).toEqual({ b1: 2, b2: 2 });
  });

  it('stay as they are while a backend refuses connections', async () => {
    const { group, bad } = await lab([await deadAddress(), ...(await addressesOf(2))]);
    const served: Record<string, number> = {};
    for (let request = 0; request < 12; request++) {
      const name = (await new Asker(group).answered()).lease?.backend.name ?? 'none';
      served[name] = (served[name] ?? 0) + 1;
    }
    expect(bad.backend.connectFailures).toBe(4);
    expect(served).toEqual({ b1: 6, b2: 6 });
  });
});

it('tries no backend that fails its checks for a second try beside a first one', async () => {
  const server = owned(await RecordingBackend.start());
  const { group, health } = groupOf([server.address, await deadAddress()]);
  health[0]!.healthy = false;
  /** A second try beside one at the first backend. */
  class Beside extends Asker {
    get isSpare() {
      return group.members.length > 0;
    }

    get avoid() {
      return new Set([group.members[0]!.backend]);
    }
  }
  const { lease, error } = await new Beside(group).answered();
  expect([lease, error?.code]).toEqual([undefined, 'connect_failed']);
});
