import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';

import type { ProtocolInstance } from '../../../../src/plugin-api/index.ts';
import type { PreparedChange } from '../../../../src/runtime/reload/reload-participant.ts';
import { applyLab, type ApplyLab, type Faults } from '../../../support/labs/apply-lab.ts';
import { backend, echoing } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { freeAddress } from '../../../support/addresses/free-address.ts';
import { get, named } from '../../../support/peers/http-talk.ts';

const NEVER = new Promise<never>(() => undefined);

/** A lab with traffic on it, and an edit that needs every stage. */
async function scene() {
  const lab = applyLab();
  const [web, raw, more] = [await backend(named('web')), await backend(echoing('raw')), await backend()];
  const [one, two, dead] = [await freeAddress(), await freeAddress(), await deadAddress()];
  const live = `
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: web }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: raw }
upstreams:
  - { name: web, backends: [{ name: web, address: '${web.address}' }] }
  - { name: raw, backends: [{ name: raw, address: '${raw.address}' }] }
`;
  const edit = (last = two): string => `
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: web, http: { timeouts: { idle: 5s } } }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: raw }
  - { name: odd, listen: '${one}', mode: odd }
  - { name: new, listen: '${last}', mode: tcp, upstream: new }
upstreams:
  - { name: web, backends: [{ name: web, address: '${web.address}', weight: 3 }], connection_pool: { max_size: 9 } }
  - { name: raw, backends: [{ name: raw, address: '${raw.address}' }] }
  - name: new
    backends: [{ name: n1, address: '${more.address}' }, { name: n2, address: '${dead}' }]
    connection_pool: { min_idle: 2 }
    health_check: { type: tcp, interval: 1h }
`;
  await lab.edit(live);
  const [kept, tunnel] = [await client(lab.bound['web']!), await client(lab.bound['raw']!)];
  expect((await get(kept)).body).toBe('web');
  await tunnel.untilText('raw:');
  return { lab, live, edit, one, two, more, web, raw, kept, tunnel };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** Nothing of the edit is left, traffic goes on as before, and the next edit counts. */
async function expectUntouched(made: Scene, before: ReturnType<typeof facts>): Promise<void> {
  const { lab, kept, tunnel, web, raw, more, edit, one, two } = made;
  await eventually(() => JSON.stringify(facts(lab)) === JSON.stringify(before), 'all is as it was');
  expect(lab.live.generation?.id).toBe(1);
  expect((await get(kept)).body).toBe('web');
  tunnel.send('still');
  await tunnel.untilText('still');
  expect([web.connections.length, raw.connections.length]).toEqual([1, 1]);
  await eventually(
    () => more.connections.every(({ ending }) => ending !== undefined),
    'no socket to a new backend is left',
  );
  for (const address of [one, two]) await expectFree(address);
  // A good edit counts after all.
  lab.faults = {};
  await lab.edit(edit());
  expect(lab.live.generation?.id).toBe(2);
  expect((await get(kept)).body).toBe('web');
  await client(two);
  tunnel.send('more');
  await tunnel.untilText('more');
  expect(lab.draining.size).toBe(0);
  lab.close();
  await eventually(
    () => JSON.stringify(lab.held) === JSON.stringify({ backends: 0, pools: 0, monitors: 0 }),
    'all is let go of',
  );
}

function facts({ held, bound, draining, listeners }: ApplyLab) {
  return { held, bound, draining: draining.size, listeners: listeners.all().length };
}

async function expectFree(address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  const server = createServer().listen(Number(address.slice(colon + 1)), address.slice(0, colon));
  await once(server, 'listening');
  await new Promise((closed) => server.close(closed));
}

function fail(): never {
  throw new Error('told to fail');
}

const rejecting: Faults['before'] = { prepare: () => Promise.reject(new Error('told to fail')) };
const hanging: Faults['before'] = { prepare: () => NEVER };
/** For faults that are only noticed by the time that they take. */
const SOON_MS = 100;

describe('an edit that fails', () => {
  const stages: readonly (readonly [stage: string, faults: Faults, reason: RegExp])[] = [
    ['at the load', { load: () => Promise.reject(new Error('told to fail')) }, /told to fail/],
    ['at the check of plugins', { plugins: fail }, /told to fail/],
    ...[1, 2, 3, 4, 5, 6, 7, 8].map(
      (nth) =>
        [
          `at the backend, check or pool number ${nth}`,
          { registry: (count: number) => (count === nth ? fail() : undefined) },
          /told to fail/,
        ] as const,
    ),
    ['at a protocol that throws', { provision: fail }, /listener odd: plugin odd failed: told to fail/],
    [
      'at a protocol that rejects',
      { provision: () => Promise.reject(new Error('told to fail')) },
      /listener odd: plugin odd failed: told to fail/,
    ],
    [
      'at a protocol that never gets ready',
      { provision: () => NEVER, provisionMs: SOON_MS },
      /listener odd: plugin odd failed: it did not get ready within 100 ms/,
    ],
    [
      'at a protocol that gives no instance',
      { provision: () => ({}) as ProtocolInstance },
      /functions handle and close/,
    ],
    ['at the comparison', { differences: fail }, /told to fail/],
    ['at a part before the listeners', { before: rejecting }, /told to fail/],
    [
      'at a part that never gets ready',
      { before: hanging, prepareMs: SOON_MS },
      /preparing the edit takes longer than 100 ms/,
    ],
    ['at a part behind the listeners', { after: rejecting }, /told to fail/],
    [
      'at a part behind the listeners that never gets ready',
      { after: hanging, prepareMs: SOON_MS },
      /takes longer than 100 ms/,
    ],
  ];

  it.each(stages)(
    '%s changes nothing, leaves nothing, and keeps nobody from the next one',
    async (...args) => {
      const [, faults, reason] = args;
      const made = await scene();
      const { lab } = made;
      const before = facts(lab);
      lab.faults = faults;
      await expect(lab.edit(made.edit())).rejects.toThrow(reason);
      await expectUntouched(made, before);
    },
  );

  it('at the last listener, whose address somebody has, changes nothing', async () => {
    const made = await scene();
    const before = facts(made.lab);
    await expect(made.lab.edit(made.edit(made.web.address))).rejects.toThrow(
      `listener new can't bind ${made.web.address}`,
    );
    await expectUntouched(made, before);
  });

  it('at a config that is wrong changes nothing', async () => {
    const made = await scene();
    const before = facts(made.lab);
    await expect(made.lab.edit('listeners: [')).rejects.toThrow(/lab\.yaml:\d+:\d+/);
    await expectUntouched(made, before);
  });
});

describe('what comes after an edit was given up', () => {
  it('is closed when it is a protocol instance', async () => {
    const made = await scene();
    let ready: (instance: ProtocolInstance) => void = () => undefined;
    let closed = 0;
    made.lab.faults = { provision: () => new Promise((resolve) => (ready = resolve)), provisionMs: SOON_MS };
    await expect(made.lab.edit(made.edit())).rejects.toThrow('did not get ready');
    ready({
      protocol: 'odd',
      active: 0,
      handle: () => ({ drain: () => undefined }),
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    });
    await eventually(() => closed === 1, 'it was closed');
  });

  it('is taken back when it is a part that got ready', async () => {
    const made = await scene();
    let ready: (change: PreparedChange) => void = () => undefined;
    const done: string[] = [];
    made.lab.faults = {
      after: { prepare: () => new Promise((resolve) => (ready = resolve)) },
      prepareMs: SOON_MS,
    };
    await expect(made.lab.edit(made.edit())).rejects.toThrow('takes longer');
    ready({ commit: () => done.push('commit'), unwind: () => done.push('unwind') });
    await eventually(() => done.length > 0, 'it was taken back');
    expect(done).toEqual(['unwind']);
  });
});

describe('a stop while an edit is applied', () => {
  it.each([
    ['loads', (begun: () => Promise<never>): Faults => ({ load: begun })],
    ['waits for a protocol', (begun: () => Promise<never>): Faults => ({ provision: begun })],
    ['waits for a part', (begun: () => Promise<never>): Faults => ({ after: { prepare: begun } })],
  ])('that %s ends it at once and leaves nothing', async (_, faults) => {
    const made = await scene();
    const { lab } = made;
    const begun = new Promise<void>((resolve) => {
      lab.faults = faults(() => {
        resolve();
        return NEVER;
      });
    });
    const refused = expect(lab.edit(made.edit())).rejects.toThrow('the proxy ends');
    await begun;
    lab.close();
    await refused;
    await eventually(
      () => JSON.stringify(lab.held) === JSON.stringify({ backends: 0, pools: 0, monitors: 0 }),
      'all is let go of',
    );
    for (const address of [made.one, made.two]) await expectFree(address);
  });

  it('comes too early for an edit that begins later', async () => {
    const lab = applyLab();
    lab.close();
    await expect(lab.edit(`listen: '127.0.0.1:0'\nbackends: [{ address: '127.0.0.1:1' }]`)).rejects.toThrow(
      'the proxy ends',
    );
    expect(lab.held).toEqual({ backends: 0, pools: 0, monitors: 0 });
  });
});

describe('the swap', () => {
  it('goes on when a step of it fails, and says so', async () => {
    const { lab, edit, kept } = await scene();
    lab.faults = { before: { prepare: () => Promise.resolve({ commit: fail, unwind: fail }) } };
    await lab.edit(edit());
    expect(lab.live.generation?.id).toBe(2);
    expect(lab.logger.lines.join('\n')).toContain('a step of the reload failed');
    expect((await get(kept)).body).toBe('web');
  });

  it('changes everything in one turn: nobody sees the new generation beside the old config', async () => {
    const { lab, edit } = await scene();
    const seen: unknown[] = [];
    const look = (): void => void seen.push(lab.live.generation?.id, lab.pipeline.generation?.id);
    const commit = (): void => {
      queueMicrotask(look);
    };
    lab.faults = { before: { prepare: () => Promise.resolve({ commit, unwind: () => undefined }) } };
    await lab.edit(edit());
    expect(seen).toEqual([2, 2]);
  });

  it('is over for those who asked for it when all serve the new generation', async () => {
    const { lab, edit } = await scene();
    let served = (): void => undefined;
    const swapped = new Promise<void>((resolve) => {
      lab.faults = {
        swapped: () => {
          resolve();
          return new Promise((rest) => (served = rest));
        },
      };
    });
    let isOver = false;
    const asked = lab.edit(edit()).finally(() => (isOver = true));
    await swapped;
    await new Promise(setImmediate);
    expect(lab.pipeline.generation?.id).toBe(2);
    expect(isOver).toBe(false);
    served();
    expect(await asked).toMatchObject({ ok: true, generation: 2 });
  });

  it('counts also when it is not known whether all serve the new generation', async () => {
    const { lab, edit } = await scene();
    lab.faults = { swapped: () => Promise.reject(new Error('no answer')) };
    expect(await lab.edit(edit())).toMatchObject({ ok: true, generation: 2 });
    expect(lab.logger.lines.join('\n')).toContain('a step of the reload failed {"error":"no answer"}');
  });

  it('says why the edit failed, not what failed while it was taken back', async () => {
    const { lab, edit } = await scene();
    lab.faults = {
      before: { prepare: () => Promise.resolve({ commit: fail, unwind: fail }) },
      after: { prepare: () => Promise.reject(new Error('the reason')) },
    };
    await expect(lab.edit(edit())).rejects.toThrow('the reason');
  });
});
