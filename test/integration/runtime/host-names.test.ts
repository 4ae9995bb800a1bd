import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { client } from '../../support/peers/clients.ts';
import { DnsServer } from '../../support/addresses/dns-server.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';

const LISTEN = `listen: '127.0.0.1:0'\n`;

/** A server that answers with its own address, and knows its connections. */
class Site {
  readonly server: Server;
  open = 0;

  constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => {
      this.open += 1;
      socket.on('close', () => (this.open -= 1));
    });
  }

  static async start(host: string, port = 0): Promise<Site> {
    const server = createServer((_request, response) => response.end(host)).listen(port, host);
    await once(server, 'listening');
    return owned(new Site(server));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Two servers at one port of two addresses. */
async function twoSites(): Promise<readonly [Site, Site]> {
  for (;;) {
    const first = await Site.start('127.0.0.1');
    try {
      return [first, await Site.start('127.0.0.2', first.port)];
    } catch {
      // Somebody has that port at the other address.
    }
  }
}

async function backendsOf(proxy: LabProxy) {
  const response = await fetch(`http://${proxy.adminAddress}/backends`);
  const { backends } = (await response.json()) as {
    backends: { name: string; dns: Record<string, unknown> }[];
  };
  return Object.fromEntries(backends.map(({ name, dns }) => [name, dns]));
}

const ADMIN = `admin: { listen: '127.0.0.1:0' }\n`;

/** The server is in this process: the time that it has for an answer must not run out while the machine does other things. */
function dns(server: DnsServer): string {
  return `dns: { servers: ['${server.address}'], min_ttl: 1s, timeout: 10s }\n`;
}

describe('backends given by host names', () => {
  it('that a silent name server keeps from resolving hold up nobody else, and not the end', async () => {
    const server = await DnsServer.start();
    server.otherwise = 'silent';
    const site = await Site.start('127.0.0.1');
    const dead = ['d1', 'd2', 'd3', 'd4'].map((name) => `'${name}.dead.test:9'`).join(', ');
    const proxy = await labProxy(
      LISTEN +
        `dns: { servers: ['${server.address}'] }\n` +
        `health_check: { type: tcp, interval: 200ms }\n` +
        `routes: [{ path: /dead, backends: [${dead}] }, { path: /, backends: ['localhost:${String(site.port)}'] }]\n`,
    );
    await server.untilAsked('d4.dead.test A');
    const asking = await client(proxy.address());
    asking.send('GET /dead HTTP/1.1\r\nHost: a\r\n\r\n');
    for (let round = 0; round < 5; round++)
      expect((await get(await client(proxy.address()), '/')).body).toBe('127.0.0.1');
    await proxy.untilLogged('the name servers have not answered for d1.dead.test');
    expect((await get(await client(proxy.address()), '/')).status).toBe(200);
    expect(await proxy.log()).not.toMatch(/unhealthy backend=localhost/);
    asking.socket.destroy();
    await proxy.app.close();
  });

  it('have new connections at their addresses in turn', async () => {
    const [first] = await twoSites();
    const server = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1', '127.0.0.2'] } });
    const proxy = await labProxy(
      `${LISTEN}${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(first.port)}' }]\nconnection_pool: { enabled: false }\n`,
    );
    const asking = await client(proxy.address());
    const bodies = new Set<string>();
    // Where this process stops for a while, the next address is tried too, and may connect first.
    while (bodies.size < 2) bodies.add((await get(asking, '/')).body);
    expect([...bodies].sort()).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('move without a reload: idle sockets to the old address are closed, and what runs goes on', async () => {
    const [first, second] = await twoSites();
    const server = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'], ttl: 1 } });
    const proxy = await labProxy(
      `${LISTEN}${ADMIN}${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(first.port)}' }]\n`,
    );
    const asking = await client(proxy.address());
    expect((await get(asking, '/')).body).toBe('127.0.0.1');
    expect(first.open).toBe(1);
    server.replies.set('shop.test', { addresses: ['127.0.0.2'], ttl: 60 });
    expect(await proxy.untilLogged('host name has other addresses')).toMatch(
      /name=shop.test addresses=127.0.0.2 before=127.0.0.1/,
    );
    expect((await get(asking, '/')).body).toBe('127.0.0.2');
    expect(second.open).toBe(1);
    await eventually(() => first.open === 0, 'the idle socket to the old address is closed');
    expect((await backendsOf(proxy))['shop']).toMatchObject({
      name: 'shop.test',
      addresses: ['127.0.0.2'],
      source: 'dns',
      failure: null,
      ttl_seconds: 60,
    });
  });

  it('are served at their last addresses while name servers fail, and everybody can see that', async () => {
    const site = await Site.start('127.0.0.1');
    const server = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'], ttl: 1 } });
    const proxy = await labProxy(
      `${LISTEN}${ADMIN}metrics: { listen: '127.0.0.1:0' }\n${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(site.port)}' }]\nconnection_pool: { enabled: false }\n`,
    );
    const asking = await client(proxy.address());
    expect((await get(asking, '/')).status).toBe(200);
    server.replies.set('shop.test', 'servfail');
    await proxy.untilLogged('host name does not resolve now: its last addresses stay in use');
    expect((await get(asking, '/')).status).toBe(200);
    const shown = (await backendsOf(proxy))['shop'];
    expect(shown).toMatchObject({ addresses: ['127.0.0.1'], failure: expect.any(String) as string });
    expect(shown?.['failing_since']).not.toBeNull();
    const pages = proxy.app.adminAddresses.map(async (address) => {
      const response = await fetch(`http://${address}/metrics`);
      return response.ok ? response.text() : '';
    });
    const page = (await Promise.all(pages)).join('');
    expect(page).toContain('balance_dns_failing{name="shop.test"} 1');
    expect(page).toContain('balance_dns_addresses{name="shop.test"} 1');
    expect(page).toMatch(/balance_dns_lookups_total\{name="shop.test",result="failed"\} [1-9]/);
    expect(page).toMatch(/balance_dns_answer_age_seconds\{name="shop.test"\} [0-9.]+/);
    server.replies.set('shop.test', { addresses: ['127.0.0.1'] });
    await proxy.untilLogged('host name resolves again');
  });

  it('that do not exist yet are a warning, and are served from their first answer on', async () => {
    const site = await Site.start('127.0.0.1');
    const server = await DnsServer.start();
    const proxy = await labProxy(
      `${LISTEN}${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(site.port)}' }]\n`,
    );
    expect(await proxy.untilLogged('host name does not resolve')).toContain(
      'the name does not exist or has no address',
    );
    const asking = await client(proxy.address());
    expect((await get(asking, '/')).status).toBe(502);
    server.replies.set('shop.test', { addresses: ['127.0.0.1'] });
    await eventually(async () => (await get(asking, '/')).status === 200, 'the backend is served');
  });

  it('are healthy while one of their addresses is', async () => {
    const site = await Site.start('127.0.0.2');
    const server = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1', '127.0.0.2'] } });
    const proxy = await labProxy(
      `${LISTEN}${ADMIN}${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(site.port)}' }]\n` +
        'health_check: { type: http, path: /, interval: 50ms, unhealthy_threshold: 1 }\n',
    );
    const asking = await client(proxy.address());
    for (let round = 0; round < 5; round++) expect((await get(asking, '/')).body).toBe('127.0.0.2');
    expect(await proxy.log()).not.toContain('unhealthy');
    site.close();
    await proxy.untilLogged('backend is unhealthy');
    // The check that ran when the server ended may say something else.
    const bothRefuse = /ECONNREFUSED 127\.0\.0\.\d:\d+, connect ECONNREFUSED 127\.0\.0\.\d/;
    await eventually(async () => {
      const response = await fetch(`http://${proxy.adminAddress}/backends`);
      return bothRefuse.test(await response.text());
    }, 'the reason names both addresses');
  });

  it('are looked up at other name servers from an edit on', async () => {
    const site = await Site.start('127.0.0.1');
    const before = await DnsServer.start();
    const after = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'] } });
    const yaml = (server: DnsServer): string =>
      `${LISTEN}${dns(server)}backends: [{ name: shop, address: 'shop.test:${String(site.port)}' }]\n`;
    const proxy = await labProxy(yaml(before));
    await before.untilAsked('shop.test A');
    expect(await proxy.change(yaml(after))).toContain(`servers + ${after.address}`);
    await after.untilAsked('shop.test A');
    const asking = await client(proxy.address());
    await eventually(async () => (await get(asking, '/')).status === 200, 'the backend is served');
    expect(after.questions.length).toBeGreaterThan(0);
  });
});
