import { describe, expect, it, onTestFinished } from 'vitest';

import type { LeaseRequest } from '../../../../src/plugin-api/index.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fullBacklog } from '../../../support/sockets/full-backlog.ts';
import { Asker, backendAt, groupOver, type GroupOptions } from '../../../support/labs/group-lab.ts';
import { owned } from '../../../support/owned.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';

async function server(): Promise<RecordingBackend> {
  return owned(await RecordingBackend.start());
}

/** A group with one backend that one lease uses up, and those who wait behind it. */
async function crowd(waiting: number, options: GroupOptions = {}) {
  const { address } = await server();
  const backend = backendAt(address);
  const lab = groupOver([backend], { maxConnections: 1, ...options });
  const first = await new Asker(lab.group, 'keep-alive').answered();
  const askers = Array.from({ length: waiting }, () => new Asker(lab.group, 'keep-alive'));
  expect(lab.group.waiting).toBe(waiting);
  return { ...lab, backend, first, askers };
}

describe('those who wait when an edit changes their upstream', () => {
  it.each([
    ['a higher limit', { maxConnections: 3 }],
    ['no limit', { maxConnections: 0 }],
  ])('are served at once by %s, each once', async (_what, options) => {
    const { group, backend, askers, ends } = await crowd(2);
    const next = groupOver([backend], options);
    group.replaceWith(next.group);
    expect(
      askers.map(({ answers }) => answers),
      'nobody hears of it within the edit',
    ).toEqual([0, 0]);
    for (const asker of askers) expect((await asker.answered()).lease).toBeDefined();
    expect(askers.map(({ answers }) => answers)).toEqual([1, 1]);
    expect([group.waiting, next.group.waiting, backend.active]).toEqual([0, 0, 3]);
    expect([ends.length, next.ends.map(({ outcome }) => outcome)]).toEqual([0, ['served', 'served']]);
  });

  it('are served by a backend that came', async () => {
    const { group, backend, askers } = await crowd(1);
    const other = backendAt((await server()).address, 1);
    const next = groupOver([backend, other], { maxConnections: 1 });
    group.replaceWith(next.group);
    expect((await askers[0]!.answered()).lease?.backend.name).toBe('b1');
  });

  it('are served where a pool got room', async () => {
    const { group, backend, askers } = await crowd(2, { maxConnections: 0, pooled: true, maxSize: 1 });
    const next = groupOver([backend], { pooled: true, maxSize: 2 });
    group.replaceWith(next.group);
    for (const asker of askers) expect((await asker.answered()).lease).toBeDefined();
  });

  it('keep their order and their place before those who come later', async () => {
    const { group, backend, first, askers } = await crowd(3);
    const next = groupOver([backend], { maxConnections: 1 });
    group.replaceWith(next.group);
    const later = new Asker(next.group, 'keep-alive');
    let last = first;
    for (const asker of [...askers, later]) {
      expect(asker.answers).toBe(0);
      last.lease?.end(undefined, 0, 0);
      last = await asker.answered();
      expect(last.lease).toBeDefined();
    }
  });

  it('may wait for as long as the new queue allows, counted from when they came', async () => {
    const { group, backend, askers } = await crowd(1);
    const next = groupOver([backend], { maxConnections: 1, queueTimeoutMs: 1 });
    group.replaceWith(next.group);
    expect((await askers[0]!.answered()).error?.code).toBe('queue_timeout');
    expect(next.ends.map(({ outcome }) => outcome)).toEqual(['timeout']);
  });

  it('are told at once when the queue has no place for them any more; the first ones stay', async () => {
    const { group, backend, askers } = await crowd(4);
    const shorter = groupOver([backend], { maxConnections: 2, queueSize: 1 });
    group.replaceWith(shorter.group);
    expect((await askers[0]!.answered()).lease).toBeDefined();
    for (const asker of askers.slice(2)) {
      const { error } = await asker.answered();
      expect(error).toMatchObject({ code: 'queue_full', status: 503 });
      expect(error?.message).toContain('an edit of the config left no place in the queue');
    }
    expect([askers[1]!.answers, shorter.group.waiting]).toEqual([0, 1]);
    const none = groupOver([backend], { maxConnections: 1, queueSize: 0 });
    shorter.group.replaceWith(none.group);
    expect((await askers[1]!.answered()).error?.code).toBe('queue_full');
    expect(none.ends.map(({ outcome }) => outcome)).toEqual(['refused']);
  });

  it('are told at once when it has no backend left', async () => {
    const { group, askers } = await crowd(2);
    group.replaceWith(groupOver([]).group);
    for (const asker of askers) {
      const { error } = await asker.answered();
      const message = 'an edit of the config left group no backend';
      expect(error).toMatchObject({ code: 'no_backend', status: 503, message });
    }
  });

  it('keep to its backends when it is removed, and so does who still asks for it', async () => {
    const { group, first, askers } = await crowd(1);
    group.replaceWith(undefined);
    group.drain();
    first.lease?.end(undefined, 0, Infinity);
    const { lease } = await askers[0]!.answered();
    const late = new Asker(group, 'keep-alive');
    lease?.end(undefined, 0, Infinity);
    (await late.answered()).lease?.end(undefined, 0, Infinity);
  });

  it('may leave afterwards', async () => {
    const { group, backend, first, askers } = await crowd(2);
    const next = groupOver([backend], { maxConnections: 1 });
    group.replaceWith(next.group);
    askers[0]!.pending.cancel();
    expect([next.group.waiting, next.ends.map(({ outcome }) => outcome)]).toEqual([1, ['left']]);
    first.lease?.end(undefined, 0, 0);
    expect((await askers[1]!.answered()).lease).toBeDefined();
    expect(askers[0]!.answers).toBe(0);
  });

  it('stay through many edits, of which none is remembered', async () => {
    const { group, backend, first, askers } = await crowd(1);
    let live = group;
    for (let edit = 0; edit < 20; edit += 1) {
      const next = groupOver([backend], { maxConnections: 1 }).group;
      live.replaceWith(next);
      live.drain();
      live = next;
    }
    // A request that began before the first edit asks only now.
    const late = new Asker(group, 'keep-alive');
    expect([live.waiting, late.answers]).toEqual([2, 0]);
    first.lease?.end(undefined, 0, 0);
    (await askers[0]!.answered()).lease?.end(undefined, 0, 0);
    expect((await late.answered()).lease).toBeDefined();
  });
});

describe('those who connect when an edit changes their upstream', () => {
  it('keep to the one that is gone while it may answer, and find the new ones when it does not', async () => {
    const { port, goOn } = await fullBacklog();
    const gone = backendAt(`127.0.0.1:${port}`);
    const { group } = groupOver([gone]);
    const patient = new Asker(group, 'keep-alive');
    const brief = groupOver([gone], { connectTimeoutMs: 20 });
    const failing = new Asker(brief.group, 'keep-alive');
    const left = new Asker(brief.group, 'keep-alive');
    left.pending.cancel();
    const next = groupOver([backendAt((await server()).address, 1)]);
    for (const before of [group, brief.group]) before.replaceWith(next.group);
    expect((await failing.answered()).lease?.backend.name).toBe('b1');
    goOn();
    expect((await patient.answered()).lease?.backend.name).toBe('b0');
    expect([gone.active, left.answers]).toEqual([1, 0]);
  });

  it('go on connecting to the one that stays, and find the new ones when that fails', async () => {
    const dead = backendAt(await deadAddress());
    const { group } = groupOver([dead]);
    const asker = new Asker(group);
    const next = groupOver([dead, backendAt((await server()).address, 1)]);
    group.replaceWith(next.group);
    const { lease } = await asker.answered();
    expect([lease?.backend.name, dead.connectFailures, dead.active]).toEqual(['b1', 1, 0]);
  });
});

describe('those who ask at a group that an edit replaced', () => {
  it('are served by its own backends while these can, else by what the edit brought', async () => {
    const [old, brought] = [backendAt((await server()).address, 0), backendAt((await server()).address, 1)];
    const { group, health } = groupOver([old], { maxConnections: 1 });
    const next = groupOver([brought]);
    group.replaceWith(next.group);
    group.drain();
    const names: (string | undefined)[] = [];
    const ask = async (): Promise<Asker> => {
      const asker = await new Asker(group).answered();
      names.push(asker.lease?.backend.name);
      return asker;
    };
    const first = await ask();
    await ask();
    first.lease?.end(undefined, 0, 0);
    health[0]!.healthy = false;
    await ask();
    health[0]!.healthy = true;
    await ask();
    expect(names).toEqual(['b0', 'b1', 'b1', 'b0']);
  });
});

describe('a protocol that does not use the upstream any more', () => {
  it('is not served by backends of another protocol, but by its own', async () => {
    const { group, backend, first } = await crowd(0);
    const waiting = new Asker(group, 'keep-alive', false, 'http');
    const next = groupOver([backendAt((await server()).address, 1)]);
    next.group.addProtocol('tcp');
    group.replaceWith(next.group);
    group.drain();
    const late = new Asker(group, 'keep-alive', false, 'http');
    expect((await new Asker(group, 'once', false, 'tcp').answered()).lease?.backend.name).toBe('b1');
    first.lease?.end(undefined, 0, Infinity);
    (await waiting.answered()).lease?.end(undefined, 0, Infinity);
    expect((await late.answered()).lease?.backend.name).toBe('b0');
    expect(backend.active).toBe(1);
  });
});

describe('a lease that moved to what an edit brought', () => {
  it('holds it until it ends, in whatever way', async () => {
    let holds = 0;
    const home = { hold: () => void (holds += 1), release: () => void (holds -= 1) };
    const { group, backend, first, askers } = await crowd(4);
    const next = groupOver([backend], { maxConnections: 3, home });
    group.replaceWith(next.group);
    expect(holds).toBe(4);
    (await askers[0]!.answered()).lease?.end(undefined, 0, Infinity);
    (await askers[1]!.answered()).lease?.end(undefined, 0, 0);
    askers[3]!.pending.cancel();
    await askers[2]!.answered();
    expect(holds).toBe(1);
    next.group.replaceWith(groupOver([backend], { queueSize: 0, maxConnections: 1 }).group);
    expect(holds, 'it runs on').toBe(1);
    askers[2]!.lease?.end(undefined, 0, 0);
    first.lease?.end(undefined, 0, 0);
    expect([holds, backend.active]).toEqual([0, 0]);
  });
});

/** Who asks, in the order of asking; told apart by a number. */
class Numbered implements LeaseRequest {
  readonly key = undefined;
  readonly fresh = false;
  readonly number: number;
  readonly #log: { served: number[]; refused: number[]; leases: (() => void)[] };

  constructor(number: number, log: { served: number[]; refused: number[]; leases: (() => void)[] }) {
    this.number = number;
    this.#log = log;
  }

  leased(lease: Parameters<LeaseRequest['leased']>[0]): void {
    this.#log.served.push(this.number);
    this.#log.leases.push(() => {
      lease.end(undefined, 0, 0);
    });
  }

  refused(): void {
    this.#log.refused.push(this.number);
  }
}

describe('among any edits', () => {
  it.each([1, 2, 3, 4, 5])('everybody is answered exactly once (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const below = (count: number): number => random.between(0, count - 1);
    const servers = [await server(), await server(), await server()];
    const backends = servers.map(({ address }, index) => backendAt(address, index));
    const log = { served: [] as number[], refused: [] as number[], leases: [] as (() => void)[] };
    onTestFinished(() => {
      for (const end of log.leases) end();
    });
    const left = new Set<number>();
    let live = groupOver(backends.slice(0, 1), { maxConnections: 1, queueSize: 50 }).group;
    const earlier = [live];
    let asked = 0;
    for (let step = 0; step < 150; step += 1) {
      const chance = below(10);
      if (chance < 4) {
        const asker = new Numbered((asked += 1), log);
        const pending = random.pick(earlier).acquire(asker, 'once');
        if (below(8) === 0) {
          await new Promise(setImmediate);
          if (!log.served.includes(asker.number) && !log.refused.includes(asker.number)) {
            pending.cancel();
            left.add(asker.number);
          }
        }
      } else if (chance < 7) log.leases.splice(below(log.leases.length + 1), 1)[0]?.();
      else {
        const next = groupOver(backends.slice(0, 1 + below(3)), {
          maxConnections: 1 + below(3),
          queueSize: below(5) === 0 ? 2 : 50,
        }).group;
        live.replaceWith(next);
        if (below(2) === 0) live.drain();
        live = next;
        earlier.push(live);
      }
      if (below(3) === 0) await new Promise(setImmediate);
    }
    await eventually(() => {
      log.leases.shift()?.();
      return log.served.length + log.refused.length + left.size === asked;
    }, 'everybody was answered');
    const answered = [...log.served, ...log.refused, ...left].sort((a, b) => a - b);
    expect(answered).toEqual(Array.from({ length: asked }, (_none, index) => index + 1));
    for (const end of log.leases.splice(0)) end();
    await eventually(() => backends.every(({ active }) => active === 0), 'nothing is counted any more');
  });
});
