import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';

import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { freeAddress } from '../../support/addresses/free-address.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';

/** An HTTP listener, and a TCP one whose tunnels must notice nothing. */
async function scene() {
  const [web, raw] = [await backend(named('web')), await backend(echoing('raw'))];
  const other = await freeAddress();
  const yaml = (listen: string, more = ''): string => `
listeners:
  - { name: web, listen: '${listen}', upstream: web }
  - { name: raw, listen: '${other}', mode: tcp, upstream: raw }
upstreams:
  - { name: web, backends: [{ address: '${web.address}' }] }
  - { name: raw, backends: [{ address: '${raw.address}' }] }
reload: { watch: false }
${more}`;
  return { web, raw, other, yaml };
}

function wildcard(address: string): string {
  return address.replace('127.0.0.1', '0.0.0.0');
}

async function listening(address: string): Promise<Server> {
  const colon = address.lastIndexOf(':');
  const server = createServer().listen(Number(address.slice(colon + 1)), address.slice(0, colon));
  await once(server, 'listening');
  return owned(server);
}

describe('a listener that moves between hosts on one port', () => {
  it('moves to the wildcard and back in one edit each, without touching other tunnels', async () => {
    const { other, yaml } = await scene();
    const address = await freeAddress();
    const proxy = await labProxy(yaml(address));
    const tunnel = await client(other);
    await tunnel.untilText('raw:');
    const kept = await client(address);
    expect((await get(kept)).body).toBe('web');

    const there = await proxy.edit(yaml(wildcard(address)));
    expect(there).toMatchObject({ ok: true, generation: 2 });
    expect(there.message).toMatch(
      new RegExp(`${address} made room for ${wildcard(address)}: connects in these [\\d.]+ ms were refused`),
    );
    expect(proxy.address('web')).toBe(wildcard(address));
    expect((await get(await client(address))).body).toBe('web');
    // It belongs to a listener that left, with nothing running on it.
    expect(await kept.untilEnded()).toBe('end');

    expect((await proxy.edit(yaml(address))).ok).toBe(true);
    expect(proxy.address('web')).toBe(address);
    expect((await get(await client(address))).body).toBe('web');
    tunnel.send('still');
    await tunnel.untilText('raw:still');
  });

  it('stays where it is when somebody else has a part of what it wants', async () => {
    const { yaml } = await scene();
    const address = await freeAddress();
    const proxy = await labProxy(yaml(address));
    const kept = await client(address);
    expect((await get(kept)).body).toBe('web');
    // Allowed beside 127.0.0.1, not beside the wildcard.
    await listening(address.replace('127.0.0.1', '127.0.0.2'));
    const outcome = await proxy.edit(yaml(wildcard(address)));
    expect(outcome).toMatchObject({ ok: false, generation: 1 });
    expect(outcome.message).toContain(`can't bind ${wildcard(address)}`);
    expect(outcome.message).toContain('the sockets that had these addresses listen there again');
    expect(proxy.address('web')).toBe(address);
    expect((await get(kept)).body).toBe('web');
    expect((await get(await client(address))).body).toBe('web');
    expect((await proxy.edit(yaml(address, 'shutdown: { timeout: 1s }\n'))).ok).toBe(true);
    expect((await get(kept)).body).toBe('web');
  });

  it('takes the place of several listeners, and gives it back to them', async () => {
    const web = await backend(named('web'));
    const one = await freeAddress();
    const two = one.replace('127.0.0.1', '127.0.0.2');
    const yaml = (...addresses: string[]): string =>
      `listeners:\n${addresses.map((address, index) => `  - { name: l${index}, listen: '${address}', upstream: u }\n`).join('')}upstreams: [{ name: u, backends: [{ address: '${web.address}' }] }]\n`;
    const proxy = await labProxy(yaml(one, two));
    expect((await proxy.edit(yaml(wildcard(one)))).message).toContain(`${one}, ${two} made room`);
    expect((await get(await client(two))).body).toBe('web');
    expect((await proxy.edit(yaml(two, one))).ok).toBe(true);
    expect([...proxy.app.listeners.values()].sort()).toEqual([one, two].sort());
    for (const address of [one, two]) expect((await get(await client(address))).body).toBe('web');
  });

  it('and the admin server swap their addresses in one edit', async () => {
    const { yaml } = await scene();
    const [address, admin] = [await freeAddress(), await freeAddress()];
    const proxy = await labProxy(yaml(address, `admin: { listen: '${admin}' }\n`));
    expect((await fetch(`http://${admin}/live`)).status).toBe(200);
    const outcome = await proxy.edit(yaml(admin, `admin: { listen: '${address}' }\n`));
    expect(outcome.message).toContain('made room');
    expect(outcome.ok).toBe(true);
    expect((await fetch(`http://${address}/live`)).status).toBe(200);
    expect((await get(await client(admin))).body).toBe('web');
    expect(proxy.adminAddress).toBe(address);
  });

  it('moves the admin server to the wildcard', async () => {
    const { yaml } = await scene();
    const [address, admin] = [await freeAddress(), await freeAddress()];
    const tls = (listen: string): string => `metrics: { enabled: true, listen: '${listen}' }\n`;
    const proxy = await labProxy(yaml(address, tls(admin)));
    expect((await proxy.edit(yaml(address, tls(wildcard(admin))))).message).toContain('made room');
    expect((await fetch(`http://${admin}/metrics`)).status).toBe(200);
  });
});
