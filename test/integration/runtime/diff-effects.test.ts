import { describe, expect, it } from 'vitest';

import type { ConfigChange } from '../../../src/config/diff/config-change.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { answer, get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const REST = `admin: { listen: '127.0.0.1:0' }\nreload: { watch: false }\n`;

/** Asks `POST /config/diff` for the effects of an edit, and then makes the edit. */
async function foretold(proxy: LabProxy, yaml: string): Promise<string[]> {
  const { json } = await askAdmin(proxy.adminAddress, '/config/diff', { method: 'POST', body: yaml });
  const { changes } = json() as { changes: ConfigChange[] };
  await proxy.change(yaml);
  return changes.map(({ path, effect }) => `${effect} ${path}`);
}

/** A backend that answers at once, but for /slow, which it answers when told to. */
async function slowBackend(name: string) {
  let finish: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (finish = resolve));
  const server = await backend(
    answering(async ({ startLine }) => {
      if (startLine.includes('/slow')) await told;
      return ok(name);
    }),
  );
  return { server, finish };
}

const oneListener = (backends: string, more = ''): string =>
  `listen: '127.0.0.1:0'\nbackends: [${backends}]\n${more}${REST}`;

async function reaches(address: string): Promise<boolean> {
  try {
    (await client(address)).close();
    return true;
  } catch {
    return false;
  }
}

describe('what a comparison calls hot', () => {
  it('counts from the next request of a kept connection on, and closes nothing', async () => {
    const server = await backend(named('a'));
    const yaml = (weight: number, name: string): string =>
      oneListener(
        `{ name: a, address: '${server.address}', weight: ${String(weight)} }`,
        `load_balancer: { algorithm: weighted-round-robin }\ntransform: { response_headers: [{ action: set, name: X-Edit, value: '${name}' }] }\n`,
      );
    const proxy = await labProxy(yaml(1, 'before'));
    const socket = await client(proxy.address());
    await get(socket);
    expect(await foretold(proxy, yaml(2, 'after'))).toEqual([
      'hot listeners[default].http.transform.response_headers[set X-Edit].value',
      'hot upstreams[default].backends[a].weight',
    ]);
    expect((await get(socket)).message.lines).toContain('X-Edit: after');
    expect(server.connections).toHaveLength(1);
    expect(server.open).toBe(1);
  });

  it('keeps the sockets of listeners that swap their addresses, and what is connected to them', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const [first, second] = [await deadAddress(), await deadAddress()];
    const yaml = (a: string, b: string): string => `
listeners:
  - { name: a, listen: '${a}', upstream: one }
  - { name: b, listen: '${b}', upstream: two }
upstreams:
  - { name: one, backends: [{ name: one, address: '${one.address}' }] }
  - { name: two, backends: [{ name: two, address: '${two.address}' }] }
${REST}`;
    const proxy = await labProxy(yaml(first, second));
    const socket = await client(first);
    expect((await get(socket)).body).toBe('one');
    expect(await foretold(proxy, yaml(second, first))).toEqual([
      'hot listeners[a].address',
      'hot listeners[b].address',
    ]);
    expect((await get(socket)).body).toBe('two');
  });

  it('leaves tunnels and their sockets alone, for which there is no pool', async () => {
    const far = await backend(naming('far'));
    const yaml = (idle: string): string =>
      `mode: tcp\n${oneListener(`{ name: far, address: '${far.address}' }`, `connection_pool: { max_idle_time: ${idle} }\n`)}`;
    const proxy = await labProxy(yaml('5s'));
    const socket = await client(proxy.address());
    await socket.untilText('far');
    expect(await foretold(proxy, yaml('6s'))).toEqual([
      'hot upstreams[default].connection_pool.max_idle_time',
    ]);
    expect(far.open).toBe(1);
  });
});

describe('what a comparison calls drains', () => {
  it('finishes what runs on a backend that leaves, and closes its idle sockets', async () => {
    const { server: leaving, finish } = await slowBackend('leaving');
    const staying = await backend(named('staying'));
    const stays = `{ name: staying, address: '${staying.address}' }`;
    const both = `{ name: leaving, address: '${leaving.address}' }, ${stays}`;
    const proxy = await labProxy(oneListener(both));
    const [busy, idle] = [await client(proxy.address()), await client(proxy.address())];
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await (await leaving.connection(0)).untilText('\r\n\r\n').catch(() => undefined);
    for (let asked = 0; asked < 3; asked++) await get(idle);
    await eventually(() => leaving.connections.length === 2, 'an idle socket to the backend that leaves');
    expect(await foretold(proxy, oneListener(stays))).toEqual([
      'drains upstreams[default].backends[leaving]',
    ]);
    await eventually(() => leaving.open === 1, 'the idle socket is closed');
    for (let asked = 0; asked < 4; asked++) expect((await get(idle)).body).toBe('staying');
    finish();
    expect((await answer(busy)).body).toBe('leaving');
    await eventually(() => leaving.open === 0, 'its last socket is closed');
  });

  it('connects anew when the pool is another one', async () => {
    const server = await backend(named('a'));
    const yaml = (size: number): string =>
      oneListener(
        `{ name: a, address: '${server.address}' }`,
        `connection_pool: { max_size: ${String(size)} }\n`,
      );
    const proxy = await labProxy(yaml(5));
    const socket = await client(proxy.address());
    await get(socket);
    expect(await foretold(proxy, yaml(6))).toEqual(['drains upstreams[default].connection_pool.max_size']);
    await eventually(() => server.open === 0, 'the idle socket of the old pool is closed');
    expect((await get(socket)).body).toBe('a');
    expect(server.connections).toHaveLength(2);
  });

  it('closes connections of the old mode behind what runs on them, and keeps the socket', async () => {
    const { server, finish } = await slowBackend('a');
    const address = await deadAddress();
    const yaml = (mode: string): string =>
      `mode: ${mode}\n${oneListener(`{ name: a, address: '${server.address}' }`)}`.replace(
        '127.0.0.1:0',
        address,
      );
    const proxy = await labProxy(yaml('http'));
    const [busy, idle] = [await client(address), await client(address)];
    await get(idle);
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => server.connections.length > 0, 'the request is at the backend');
    expect(await foretold(proxy, yaml('tcp'))).toContain('drains listeners[default].mode');
    await idle.untilEnded();
    expect(await reaches(address)).toBe(true);
    finish();
    expect((await answer(busy)).body).toBe('a');
    await busy.untilEnded();
  });
});

describe('what a comparison calls re-binds', () => {
  it('closes one socket and binds the other; what is connected finishes', async () => {
    const { server, finish } = await slowBackend('a');
    const [from, to] = [await deadAddress(), await deadAddress()];
    const yaml = (address: string): string =>
      oneListener(`{ name: a, address: '${server.address}' }`).replace(
        "listen: '127.0.0.1:0'",
        `listen: '${address}'`,
      );
    const proxy = await labProxy(yaml(from));
    const busy = await client(from);
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => server.connections.length > 0, 'the request is at the backend');
    expect(await foretold(proxy, yaml(to))).toEqual(['re-binds listeners[default].address']);
    expect([await reaches(from), await reaches(to)]).toEqual([false, true]);
    finish();
    expect((await answer(busy)).body).toBe('a');
    await busy.untilEnded();
  });

  it('moves the servers of admin and metrics', async () => {
    const [from, to] = [await deadAddress(), await deadAddress()];
    const yaml = (address: string): string =>
      oneListener(`{ name: a, address: '127.0.0.1:1' }`).replace(
        "admin: { listen: '127.0.0.1:0' }",
        `admin: { listen: '${address}' }`,
      );
    const proxy = await labProxy(yaml(from));
    expect(await foretold(proxy, yaml(to))).toEqual(['re-binds admin.listen']);
    expect([await reaches(from), await reaches(to)]).toEqual([false, true]);
  });
});

describe('what a comparison calls refused', () => {
  it('is refused, and nothing of the edit counts', async () => {
    const server = await backend(named('a'));
    const listener = `{ name: a, listen: '127.0.0.1:0', upstream: u }`;
    const yaml = (listeners: string, weight: number): string => `
listeners: [${listeners}]
upstreams: [{ name: u, backends: [{ name: a, address: '${server.address}', weight: ${String(weight)} }] }]
${REST}`;
    const proxy = await labProxy(yaml(listener, 1));
    const port = proxy.address('a').replace(/^.*:/, '');
    const edit = yaml(`${listener}, { name: wide, listen: ':${port}', upstream: u }`, 2);
    const { status, json } = await askAdmin(proxy.adminAddress, '/config/diff', {
      method: 'POST',
      body: edit,
    });
    const { message } = json() as { message: string };
    expect([status, message]).toEqual([422, `can't bind :${port}: listener a stays at 127.0.0.1:${port}`]);
    const outcome = await proxy.edit(edit);
    expect([outcome.ok, outcome.generation]).toEqual([false, 1]);
    expect(outcome.message).toContain(`can't bind :${port}: listener a stays at`);
    expect((await get(await client(proxy.address('a')))).body).toBe('a');
  });
});
