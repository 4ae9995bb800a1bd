import { describe, expect, it } from 'vitest';

import { ALGORITHMS } from '../../../src/config/values/algorithm.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';

/** Longer than any test: a backend that starts slowly keeps its least part. */
const WINDOW = 'slow_start: 10h';
const REQUESTS = 110;

interface MembershipJson {
  readonly effective_weight: number;
  readonly state: string;
}

/** The address of a backend that answers with its name. */
async function named(name: string): Promise<string> {
  const { address } = await backend(answering(() => ok(name)));
  return `{ name: ${name}, address: "${address}" }`;
}

function yaml(backends: readonly string[], more: string): string {
  const list = backends.map((one) => `  - ${one}\n`).join('');
  return `listen: "127.0.0.1:0"\nadmin: { listen: "127.0.0.1:0" }\nbackends:\n${list}${more}\n`;
}

/** How many of some requests each backend got. */
async function shares(
  proxy: LabProxy,
  path = (at: number) => `/${String(at)}`,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const socket = await client(proxy.address());
  for (let at = 0; at < REQUESTS; at++) {
    const { body } = (await get(socket, path(at))) as { readonly body: string };
    counts.set(body, (counts.get(body) ?? 0) + 1);
  }
  socket.end();
  return counts;
}

async function membership(proxy: LabProxy, name: string): Promise<MembershipJson> {
  const response = await fetch(`http://${proxy.adminAddress}/backends`);
  const { backends } = (await response.json()) as {
    readonly backends: readonly { readonly name: string; readonly upstreams: readonly MembershipJson[] }[];
  };
  return backends.find((one) => one.name === name)!.upstreams[0]!;
}

async function post(proxy: LabProxy, path: string): Promise<void> {
  const response = await fetch(`http://${proxy.adminAddress}${path}`, { method: 'POST' });
  expect(response.status).toBe(200);
}

describe('slow start', () => {
  it.each(ALGORITHMS)(
    'gives a backend that an edit brings a small part of the requests, with %s',
    async (algorithm) => {
      const [a, b] = [await named('a'), await named('b')];
      const balancer = `load_balancer: { algorithm: ${algorithm}${algorithm.includes('hash') || algorithm === 'maglev' ? ', hash_key: path' : ''} }`;
      const proxy = await labProxy(yaml([a], `${balancer}\n${WINDOW}`));
      expect(await shares(proxy)).toEqual(new Map([['a', REQUESTS]]));
      await proxy.change(yaml([a, b], `${balancer}\n${WINDOW}`));
      const counts = await shares(proxy);
      // A tenth of a half, and not nothing: chance and `least-time` spread it.
      expect(counts.get('b') ?? 0).toBeLessThan(REQUESTS / 3);
      expect(await membership(proxy, 'b')).toMatchObject({ effective_weight: 0.1 });
      expect(await membership(proxy, 'a')).toMatchObject({ effective_weight: 1 });
    },
  );

  it('gives a backend that turns a tenth of its turns, and goes on over other edits', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const balancer = 'load_balancer: { algorithm: weighted-round-robin }';
    const proxy = await labProxy(yaml([a], `${balancer}\n${WINDOW}`));
    await proxy.change(yaml([a, b], `${balancer}\n${WINDOW}`));
    const counts = await shares(proxy);
    expect(Math.abs(counts.get('b')! - REQUESTS / 11)).toBeLessThan(3);
    await proxy.change(yaml([b, a], `${balancer}\nqueue: { max_size: 7 }\n${WINDOW}`));
    expect(await membership(proxy, 'b')).toMatchObject({ effective_weight: 0.1 });
    await proxy.change(yaml([b, a], `${balancer}\nqueue: { max_size: 7 }`));
    expect(await membership(proxy, 'b')).toMatchObject({ effective_weight: 1 });
  });

  it('begins with no backend of the process, and with each one that comes back', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const proxy = await labProxy(yaml([a, b], WINDOW));
    expect(await membership(proxy, 'a')).toMatchObject({ effective_weight: 1 });
    await post(proxy, '/backends/a/disable');
    await eventually(
      async () => (await membership(proxy, 'a')).state === 'maintenance',
      'the backend is taken out',
    );
    await post(proxy, '/backends/a/enable');
    await eventually(async () => (await membership(proxy, 'a')).effective_weight === 0.1, 'it starts slowly');
  });

  it('does nothing where all backends have come at the same time', async () => {
    const [a, b, c] = [await named('a'), await named('b'), await named('c')];
    const proxy = await labProxy(yaml([a], WINDOW));
    await proxy.change(yaml([b, c], WINDOW));
    expect(await membership(proxy, 'b')).toMatchObject({ effective_weight: 1 });
    expect(await membership(proxy, 'c')).toMatchObject({ effective_weight: 1 });
  });

  it('begins anew for a backend that left and came again', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const proxy = await labProxy(yaml([a, b], WINDOW));
    await proxy.change(yaml([a], WINDOW));
    await proxy.change(yaml([a, b], WINDOW));
    expect(await membership(proxy, 'b')).toMatchObject({ effective_weight: 0.1 });
  });

  it('ends after its window', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const more = 'slow_start: { window: 200ms, min_weight: 50, aggression: 2 }';
    const proxy = await labProxy(yaml([a], more));
    await proxy.change(yaml([a, b], more));
    await eventually(async () => (await membership(proxy, 'b')).effective_weight === 1, 'it has started');
  });

  it('is set for all upstreams of a file, and for one of them', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const file = (backends: string): string =>
      [
        'admin: { listen: "127.0.0.1:0" }',
        'slow_start: 10h',
        'listeners: [{ address: "127.0.0.1:0", upstream: one }]',
        'upstreams:',
        `  - { name: one, backends: [${backends}] }`,
        `  - { name: two, slow_start: 0, backends: [${backends}] }`,
      ].join('\n');
    const proxy = await labProxy(file(a));
    await proxy.change(file(`${a}, ${b}`));
    const response = await fetch(`http://${proxy.adminAddress}/backends`);
    const { backends } = (await response.json()) as {
      readonly backends: readonly { readonly name: string; readonly upstreams: readonly object[] }[];
    };
    expect(backends.find(({ name }) => name === 'b')!.upstreams).toMatchObject([
      { name: 'one', effective_weight: 0.1 },
      { name: 'two', effective_weight: 1 },
    ]);
  });
});
