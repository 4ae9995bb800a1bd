import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, hold, oddProxy } from '../../support/workers/odd-plugin.ts';

buildProgram();

const WORKERS = 4;

function httpConfig(address: string): string {
  return `
workers: ${WORKERS}
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: api }
  - { name: other, listen: '127.0.0.1:0', upstream: api }
upstreams:
  - name: api
    backends: [{ name: b, address: '${address}' }]
    connection_pool: { min_idle: 6, max_idle: 9 }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
}

async function json<T>(proxy: LabProxy, path: string, init?: { method: string }): Promise<T> {
  const answer = await askAdmin(proxy.adminAddress, path, init);
  expect(answer.status, answer.body).toBe(200);
  return answer.json() as T;
}

interface Connections {
  readonly total: number;
  readonly by_listener: Readonly<Record<string, number>>;
  readonly connections: readonly {
    readonly id: number;
    readonly worker: number;
    readonly listener: string;
  }[];
  readonly unanswered: readonly number[];
}

describe('the admin server over four workers', () => {
  it('shows the connections of all, page by page, each once', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(httpConfig(address));
    const sockets = [];
    for (let index = 0; index < 40; index++) {
      const socket = await client(proxy.address(index % 4 === 0 ? 'other' : 'web'));
      await get(socket);
      sockets.push(socket);
    }
    const whole = await json<Connections>(proxy, '/connections');
    expect(whole).toMatchObject({ total: 40, by_listener: { web: 30, other: 10 }, unanswered: [] });
    const ids = whole.connections.map(({ id }) => id);
    expect(new Set(ids).size).toBe(40);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(whole.connections.map(({ worker }) => worker)).size).toBe(WORKERS);
    const pages: number[] = [];
    for (let after = 0; ;) {
      const page = await json<Connections>(proxy, `/connections?limit=7&after=${after}`);
      if (page.connections.length === 0) break;
      pages.push(...page.connections.map(({ id }) => id));
      after = page.connections.at(-1)!.id;
    }
    expect(pages).toEqual(ids);
    const others = await json<Connections>(proxy, '/connections?listener=other');
    expect(others.connections.map(({ listener }) => listener)).toEqual(Array(10).fill('other'));
  });

  it('adds up backends, pools and listeners, and shows each worker', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(httpConfig(address));
    const sockets = await Promise.all(Array.from({ length: 24 }, () => client(proxy.address('web'))));
    await Promise.all(sockets.map((socket) => get(socket)));
    const { backends } = await json<{ backends: unknown[] }>(proxy, '/backends');
    expect(backends).toHaveLength(1);
    expect(backends[0]).toMatchObject({
      name: 'b',
      healthy: null,
      state: 'unknown',
      requests: { total: 24 },
    });
    // Four workers keep two and three each.
    const { pools } = await json<{ pools: object[] }>(proxy, '/pools');
    expect(pools).toEqual([
      expect.objectContaining({ min_idle: 6, min_idle_in_force: 8, max_idle: 9, max_idle_in_force: 12 }),
    ]);
    const status = await proxy.status();
    expect(status).toMatchObject({
      generation: 1,
      unanswered: [],
      workers_crashing: false,
      listeners: [
        { name: 'web', connections: 24 },
        { name: 'other', connections: 0 },
      ],
    });
    await eventually(async () => {
      const { workers } = (await proxy.status()) as {
        workers: { connections: number; generation: number }[];
      };
      expect(workers.map(({ generation }) => generation)).toEqual(Array(WORKERS).fill(1));
      return workers.reduce((sum, { connections }) => sum + connections, 0) === 24;
    }, 'the workers have written down their connections');
  });

  it('profiles all of them at once, or one, and takes the memory of one', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(httpConfig(address));
    interface Profile {
      readonly nodes: readonly {
        readonly id: number;
        readonly callFrame: { readonly functionName: string };
      }[];
    }
    const names = ({ nodes }: Profile): string[] =>
      nodes.map(({ callFrame }) => callFrame.functionName).filter((name) => name.startsWith('worker '));
    const post = { method: 'POST' };
    const all = await json<Profile>(proxy, '/debug/cpu-profile?seconds=1', post);
    expect(names(all)).toEqual(['worker 1', 'worker 2', 'worker 3', 'worker 4']);
    const one = await json<Profile>(proxy, '/debug/cpu-profile?seconds=1&worker=3', post);
    expect(names(one)).toEqual([]);
    const missing = await askAdmin(proxy.adminAddress, '/debug/heap-snapshot', post);
    expect(missing).toMatchObject({
      status: 400,
      body: expect.stringContaining('worker is missing: it must be main, 1, 2, 3 or 4') as string,
    });
    const snapshot = await json<object>(proxy, '/debug/heap-snapshot?worker=2', post);
    expect(Object.keys(snapshot)).toContain('snapshot');
  });
});

describe('the admin server while a worker is blocked', () => {
  it('profiles the others, and says of the blocked one that it does not answer', async () => {
    const proxy = await oddProxy('mark: a');
    const free = await hold(proxy, await connectionAt(proxy, 2));
    const post = { method: 'POST' };
    const one = await askAdmin(proxy.adminAddress, '/debug/cpu-profile?seconds=1&worker=2', post);
    expect([one.status, one.json()]).toMatchObject([503, { error: 'worker_hung' }]);
    const profile = await askAdmin(proxy.adminAddress, '/debug/cpu-profile?seconds=1', post);
    expect([profile.status, profile.headers['balance-unanswered']]).toEqual([200, '2']);
    await free();
  });

  it('answers for the others within about a second, and names it', async () => {
    const proxy = await oddProxy('mark: a');
    const blocked = await connectionAt(proxy, 2);
    const other = await connectionAt(proxy, 1);
    await eventually(async () => {
      const { workers } = (await proxy.status()) as { workers: { connections: number }[] };
      return workers[1]?.connections === 1;
    }, 'worker 2 has written down its connection');
    const free = await hold(proxy, blocked);
    expect(await ask(other, 'who')).toBe('1:a;');
    const connections = await json<Connections>(proxy, '/connections');
    expect(connections.unanswered).toEqual([2]);
    expect(connections.connections.every(({ worker }) => worker === 1)).toBe(true);
    const status = await proxy.status();
    expect(status).toMatchObject({
      unanswered: [2],
      workers: [{ worker: 1 }, { worker: 2, connections: 1 }],
    });
    for (const path of ['/backends', '/pools'])
      expect(await json(proxy, path)).toMatchObject({ unanswered: [2] });
    await free();
    await eventually(
      async () => (await json<Connections>(proxy, '/connections')).unanswered.length === 0,
      'it answers again',
    );
  });
});
