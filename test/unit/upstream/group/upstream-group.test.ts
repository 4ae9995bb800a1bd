import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { Asker, groupOf, type GroupOptions } from '../../../support/labs/group-lab.ts';
import type { Member } from '../../../../src/upstream/group/member.ts';
import { owned } from '../../../support/owned.ts';
import { fullBacklog } from '../../../support/sockets/full-backlog.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';

async function servers(count: number): Promise<RecordingBackend[]> {
  const started: RecordingBackend[] = [];
  for (let index = 0; index < count; index += 1) started.push(owned(await RecordingBackend.start()));
  return started;
}

describe('an upstream', () => {
  it('leases a connection and counts it until it is given back', async () => {
    const [server] = await servers(1);
    const { group, members } = groupOf([server!.address]);
    const { lease } = await new Asker(group).answered();
    expect(lease?.backend.name).toBe('b0');
    expect(lease?.reused).toBe(false);
    expect(members[0]!.active).toBe(1);
    lease?.end(undefined, 0, 0);
    lease?.end(undefined, 0, 0);
    lease?.end(undefined, 0, Infinity);
    expect(members[0]!.active).toBe(0);
    await (await server!.connection(0)).untilEnded();
  });

  it('re-uses a released connection, but not for one who asks for a fresh one', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { pooled: true });
    (await new Asker(group, 'keep-alive').answered()).lease?.end(undefined, 0, Infinity);
    const second = await new Asker(group, 'keep-alive').answered();
    expect(second.lease?.reused).toBe(true);
    second.lease?.end(undefined, 0, Infinity);
    const third = await new Asker(group, 'keep-alive', true).answered();
    expect(third.lease?.reused).toBe(false);
    await eventually(() => server!.connections.length === 2, '2 connected');
  });

  it('tries the next backend when one refuses, and says the last reason when all do', async () => {
    const [server] = await servers(1);
    const { group, members } = groupOf([await deadAddress(), server!.address, await deadAddress()]);
    for (let round = 0; round < 3; round += 1) {
      const asker = await new Asker(group).answered();
      expect(asker.lease?.backend.name).toBe('b1');
    }
    expect(members.map((member) => member.active)).toEqual([0, 3, 0]);
    const none = groupOf([await deadAddress(), await deadAddress()]);
    const asker = await new Asker(none.group).answered();
    expect(asker.error).toMatchObject({ code: 'connect_failed', origin: 'upstream' });
    expect(none.members.map((member) => member.active)).toEqual([0, 0]);
  });

  it('tries a backend that fails its checks when all others refuse', async () => {
    const [server] = await servers(1);
    const { group, members, health } = groupOf([await deadAddress(), server!.address, await deadAddress()]);
    health[1]!.healthy = false;
    expect((await new Asker(group).answered()).lease?.backend.name).toBe('b1');
    expect(members[1]!.active).toBe(1);
  });

  it('tries three backends at most that fail their checks', async () => {
    const addresses = await Promise.all(Array.from({ length: 8 }, () => deadAddress()));
    const { group, members, health } = groupOf(addresses);
    for (const each of health.slice(1)) each.healthy = false;
    const { error } = await new Asker(group).answered();
    expect(error).toMatchObject({ code: 'connect_failed' });
    const tried = members.filter(({ backend }) => backend.connectFailures > 0);
    expect(tried).toHaveLength(1 + 3);
  });

  it('tries no further backend that fails its checks after one that took the whole time for a connect', async () => {
    const { host, port } = await fullBacklog();
    const silent = `${host}:${port}`;
    const { group, members, health } = groupOf([await deadAddress(), silent, silent, silent], {
      connectTimeoutMs: 50,
    });
    for (const each of health.slice(1)) each.healthy = false;
    const { error } = await new Asker(group).answered();
    expect(error).toMatchObject({ code: 'connect_timeout' });
    expect(members.filter(({ backend }) => backend.connectFailures > 0)).toHaveLength(2);
  });

  it('refuses at once when no backend is healthy', async () => {
    const [server] = await servers(1);
    const { group, health, members } = groupOf([server!.address]);
    health[0]!.healthy = false;
    const asker = await new Asker(group).answered();
    expect(asker.error).toMatchObject({ code: 'no_backend', status: 503 });
    expect(asker.error?.message).toContain('group');
    health[0]!.healthy = true;
    members[0]!.backend.noteChange();
    expect((await new Asker(group).answered()).lease).toBeDefined();
  });

  it('lets one wait who finds all at their limit, and serves the longest waiting one first', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { maxConnections: 1 });
    const first = await new Asker(group).answered();
    const [second, third] = [new Asker(group), new Asker(group)];
    expect(group.waiting).toBe(2);
    first.lease?.end(undefined, 0, 0);
    await second.answered();
    expect([second.lease?.backend.name, third.answers, group.waiting]).toEqual(['b0', 0, 1]);
    second.lease?.end(undefined, 0, Infinity);
    await third.answered();
    expect(third.lease).toBeDefined();
  });

  it('refuses when the line is full, and after the time limit', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { maxConnections: 1, queueSize: 1, queueTimeoutMs: 60 });
    await new Asker(group).answered();
    const waiting = new Asker(group);
    const full = await new Asker(group).answered();
    expect(full.error).toMatchObject({ code: 'queue_full', status: 503 });
    expect((await waiting.answered()).error).toMatchObject({ code: 'queue_timeout', status: 503 });
    expect(group.waiting).toBe(0);
  });

  it('lets one who waits leave', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { maxConnections: 1 });
    const first = await new Asker(group).answered();
    const [gone, next] = [new Asker(group), new Asker(group)];
    gone.pending.cancel();
    gone.pending.cancel();
    expect(group.waiting).toBe(1);
    first.lease?.end(undefined, 0, 0);
    await next.answered();
    expect([gone.answers, next.lease?.backend.name]).toEqual([0, 'b0']);
  });

  it.each([false, true])(
    'counts nothing for one who left while it was connected (pool: %s)',
    async (pooled) => {
      const [server] = await servers(1);
      const { group, members } = groupOf([server!.address], { pooled });
      const gone = new Asker(group, 'keep-alive');
      expect(members[0]!.active).toBe(1);
      gone.pending.cancel();
      gone.pending.cancel();
      expect(members[0]!.active).toBe(0);
      const next = await new Asker(group, 'keep-alive').answered();
      expect([gone.answers, next.lease?.backend.name, members[0]!.active]).toEqual([0, 'b0', 1]);
    },
  );

  it('serves one who waits for the place of one who left while it was connected', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { maxConnections: 1 });
    const [gone, next] = [new Asker(group), new Asker(group)];
    gone.pending.cancel();
    await next.answered();
    expect([gone.answers, next.lease?.backend.name]).toEqual([0, 'b0']);
  });

  it('tells nobody who left that connecting failed', async () => {
    const { group, members } = groupOf([await deadAddress()]);
    const gone = new Asker(group);
    gone.pending.cancel();
    await eventually(() => members[0]!.active === 0, 'nothing is counted');
    expect(gone.answers).toBe(0);
  });

  it('keeps more than fit a pool waiting, until a socket leaves the pool for good', async () => {
    const [server] = await servers(1);
    const { group, members } = groupOf([server!.address], { pooled: true });
    const full = Array.from({ length: 10 }, () => new Asker(group, 'keep-alive'));
    for (const asker of full) await asker.answered();
    const waiting = [new Asker(group, 'keep-alive'), new Asker(group, 'keep-alive')];
    expect(group.waiting).toBe(2);
    const tunnel = full[0]!.lease!;
    const { channel } = tunnel;
    tunnel.leavePool();
    expect((await waiting[0]!.answered()).lease?.channel).not.toBe(channel);
    expect(members[0]!.active).toBe(11);
    expect(channel.destroyed).toBe(false);
    expect(group.waiting).toBe(1);
    tunnel.end(undefined, 0, 0);
    expect(channel.destroyed).toBe(true);
    expect(members[0]!.active).toBe(10);
    full[1]!.lease!.end(undefined, 0, Infinity);
    await waiting[1]!.answered();
  });

  it('counts a lease for good against max_connections all the same', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { pooled: true, maxConnections: 1 });
    const tunnel = (await new Asker(group, 'keep-alive').answered()).lease!;
    tunnel.leavePool();
    const waiting = new Asker(group, 'keep-alive');
    expect(group.waiting).toBe(1);
    tunnel.end(undefined, 0, 0);
    await waiting.answered();
  });

  it('serves who waits when a backend becomes healthy', async () => {
    const both = await servers(2);
    const { group, health, members } = groupOf(
      both.map(({ address }) => address),
      { maxConnections: 1 },
    );
    health[1]!.healthy = false;
    await new Asker(group).answered();
    const waiting = new Asker(group);
    expect(group.waiting).toBe(1);
    health[1]!.healthy = true;
    members[1]!.backend.noteChange();
    expect((await waiting.answered()).lease?.backend.name).toBe('b1');
  });

  it('gives the place of a failed connect to one who waits', async () => {
    const { group } = groupOf([await deadAddress()], { maxConnections: 1 });
    const askers = [new Asker(group), new Asker(group), new Asker(group)];
    for (const asker of askers) expect((await asker.answered()).error?.code).toBe('connect_failed');
  });

  it('takes the lease from a protocol that throws when it gets it', async () => {
    const [server] = await servers(1);
    const { group, members, faults } = groupOf([server!.address]);
    const failure = new Error('broken protocol');
    group.acquire(
      {
        key: undefined,
        fresh: false,
        leased: () => {
          throw failure;
        },
        refused: () => undefined,
      },
      'once',
    );
    await (await server!.connection(0)).untilEnded();
    expect(faults).toEqual([failure]);
    expect(members[0]!.active).toBe(0);
  });

  it('survives a protocol that throws when it is refused', async () => {
    const { group, faults } = groupOf([await deadAddress()]);
    const failure = new Error('broken protocol');
    group.acquire(
      {
        key: undefined,
        fresh: false,
        leased: () => undefined,
        refused: () => {
          throw failure;
        },
      },
      'once',
    );
    await eventually(() => faults.length > 0, 'the fault was told');
    expect(faults).toEqual([failure]);
  });

  it('passes no socket on that a lease has used up', async () => {
    const [server] = await servers(1);
    const { group } = groupOf([server!.address], { pooled: true });
    const first = await new Asker(group, 'keep-alive').answered();
    first.lease?.end('backend_protocol', 0, Infinity);
    const second = await new Asker(group, 'keep-alive').answered();
    expect(second.lease?.reused).toBe(false);
    await eventually(() => server!.connections.length === 2, '2 connected');
  });
});

describe('the outcome of an exchange', () => {
  interface Outcome {
    readonly member: Member;
    readonly error: string | undefined;
    readonly status: number;
    readonly heldMs: number;
  }

  async function observed(options: GroupOptions = {}) {
    const [server] = await servers(1);
    const outcomes: Outcome[] = [];
    const lab = groupOf([server!.address], { pooled: true, ...options });
    for (const member of lab.members)
      member.outcomes = {
        connectFailed: () => undefined,
        ended: (error, status, heldMs) => void outcomes.push({ member, error, status, heldMs }),
      };
    return { ...lab, outcomes, server: server! };
  }

  it('is told once, with its member, its error, its status and how long the lease had its channel', async () => {
    const { group, members, outcomes } = await observed();
    const { lease } = await new Asker(group, 'keep-alive').answered();
    lease!.end(undefined, 200, Infinity);
    lease!.end('backend_reset', 0, 0);
    const second = await new Asker(group, 'keep-alive').answered();
    second.lease!.end('backend_timeout', 504, Infinity);
    expect(outcomes.map(({ member, error, status }) => [member, error, status])).toEqual([
      [members[0], undefined, 200],
      [members[0], 'backend_timeout', 504],
    ]);
    for (const { heldMs } of outcomes) expect(heldMs).toBeGreaterThanOrEqual(0);
    const third = await new Asker(group, 'keep-alive').answered();
    expect(third.lease?.reused, 'no channel serves again after an error').toBe(false);
  });

  it('is told of each exchange of a pinned channel, and not of its rest', async () => {
    const { group, outcomes } = await observed();
    const { lease } = await new Asker(group, 'keep-alive').answered();
    lease!.pin(401, Infinity);
    expect(lease!.resume()).toBe(true);
    lease!.pin(200, Infinity);
    lease!.end(undefined, 0, 0);
    expect(outcomes.map(({ status }) => status)).toEqual([401, 200]);
  });

  it('is a reset where the backend ends a lease that the protocol does not end', async () => {
    const { group, outcomes, server } = await observed();
    const { lease } = await new Asker(group, 'keep-alive').answered();
    lease!.channel.read({
      data: () => undefined,
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    (await server.connection(0)).reset();
    await eventually(() => outcomes.length > 0, 'the outcome was told');
    expect(outcomes.map(({ error, status }) => [error, status])).toEqual([['backend_reset', 0]]);
  });

  it('blames nobody for an idle socket that died before a byte of a response', async () => {
    const { group, outcomes } = await observed();
    const next = async () => (await new Asker(group, 'keep-alive').answered()).lease!;
    const endings = async (isAnswered: boolean) => {
      (await next()).end(undefined, 200, Infinity);
      const again = await next();
      expect(again.reused).toBe(true);
      if (isAnswered) again.responded?.(200);
      again.end('backend_reset', 0, 0);
    };
    await endings(false);
    await endings(true);
    // A new socket that breaks is the backend's fault.
    (await next()).end('backend_reset', 0, 0);
    expect(outcomes.map(({ error }) => error)).toEqual([
      undefined,
      'client_abort',
      undefined,
      'backend_reset',
      'backend_reset',
    ]);
  });

  it('is a failed connect where the backend could not be connected to, and nothing more', async () => {
    const passed: unknown[] = [];
    const outcomes: unknown[] = [];
    const { group, members } = groupOf([await deadAddress()], {
      observer: {
        passedOver: (_request, member, reason, error) => void passed.push([member.id, reason, error?.code]),
      },
    });
    members[0]!.outcomes = {
      connectFailed: (error) => void outcomes.push(error.code),
      ended: () => void outcomes.push('ended'),
    };
    const { error } = await new Asker(group).answered();
    expect(error?.code).toBe('connect_failed');
    expect(passed).toEqual([[expect.any(String), 'failed', 'connect_failed']]);
    expect(outcomes).toEqual(['connect_failed']);
  });
});
