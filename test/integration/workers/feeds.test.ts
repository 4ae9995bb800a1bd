import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';

import { DnsServer } from '../../support/addresses/dns-server.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { logged } from '../../support/labs/say-plugin.ts';
import { workerPlugin } from '../../support/labs/worker-plugin.ts';
import { owned } from '../../support/owned.ts';
import { client } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';

const MANY = 24;

/** A backend that answers requests with its name, and checks as a test says. */
class CheckedSite {
  isHealthy = true;
  /** Checks are not answered. */
  isSilent = false;
  checks = 0;
  /** Checks that wait for an answer. */
  readonly open = new Set<Socket>();
  readonly #server: Server;

  private constructor(name: string) {
    this.#server = createServer((request, response) => {
      if (request.url !== '/check') {
        response.end(name);
        return;
      }
      this.checks += 1;
      this.open.add(request.socket);
      request.socket.on('close', () => this.open.delete(request.socket));
      if (!this.isSilent) response.writeHead(this.isHealthy ? 200 : 500).end();
    });
  }

  static async start(name: string): Promise<CheckedSite> {
    const site = owned(new CheckedSite(name));
    site.#server.listen(0, '127.0.0.1');
    await once(site.#server, 'listening');
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function yaml(backends: readonly string[], more = ''): string {
  return `
workers: 4
listeners:
  - { name: web, listen: '127.0.0.1:0', mode: http, upstream: all }
  - { name: who, listen: '127.0.0.1:0', mode: who }
upstreams:
  - name: all
    backends: [${backends.map((backend) => `{ address: '${backend}' }`).join(', ')}]
    health_check: { path: /check, interval: 50ms, timeout: 60s, unhealthy_threshold: 1, healthy_threshold: 1 }
plugins: { directory: plugins }
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
${more}`;
}

const PLUGIN = { 'plugins/who.mjs': workerPlugin('v1') };

/** Who answers requests on many connections that are open at the same time. */
async function answers(proxy: LabProxy): Promise<string[]> {
  const sockets = await Promise.all(Array.from({ length: MANY }, () => client(proxy.address('web'))));
  const bodies = await Promise.all(sockets.map(async (socket) => (await get(socket)).body));
  for (const socket of sockets) socket.close();
  return bodies;
}

async function untilAnsweredBy(proxy: LabProxy, names: readonly string[]): Promise<void> {
  await eventually(
    async () => [...new Set(await answers(proxy))].sort().join() === names.join(),
    `requests are answered by ${names.join(' and ')}`,
  );
}

buildProgram();

describe('with four workers, the health of a backend', () => {
  it('is checked by one at a time, and reaches all of them, and the log once', async () => {
    const [one, two] = [await CheckedSite.start('one'), await CheckedSite.start('two')];
    one.isSilent = true;
    const proxy = await labProxy(yaml([`127.0.0.1:${one.port}`, `127.0.0.1:${two.port}`]), PLUGIN);
    await eventually(() => two.checks >= 10, 'the other backend was checked often');
    // Each check waits for the one before it.
    expect([one.checks, one.open.size]).toEqual([1, 1]);
    await untilAnsweredBy(proxy, ['one', 'two']);
    one.isSilent = false;
    two.isHealthy = false;
    await proxy.untilLogged('backend is unhealthy');
    await untilAnsweredBy(proxy, ['one']);
    two.isHealthy = true;
    await proxy.untilLogged('backend is healthy');
    await untilAnsweredBy(proxy, ['one', 'two']);
    expect(await logged(proxy, 'backend is unhealthy')).toBe(1);
    expect(await logged(proxy, 'backend is healthy')).toBe(1);
  });

  it('reaches the others while a worker is blocked, and a replacement before it serves', async () => {
    const [one, two] = [await CheckedSite.start('one'), await CheckedSite.start('two')];
    const proxy = await labProxy(yaml([`127.0.0.1:${one.port}`, `127.0.0.1:${two.port}`]), PLUGIN);
    const blocked = await client(proxy.address('who'));
    await blocked.untilText('\n');
    blocked.send('block');
    two.isHealthy = false;
    await proxy.untilLogged('backend is unhealthy');
    await untilAnsweredBy(proxy, ['one']);
    blocked.send('end');
    await blocked.untilEnded();
    await proxy.untilLogged('worker serves again');
    expect(new Set(await answers(proxy))).toEqual(new Set(['one']));
    expect(await logged(proxy, 'backend is unhealthy')).toBe(1);
    const response = await fetch(`http://${proxy.adminAddress}/backends`);
    const { backends } = (await response.json()) as { backends: { healthy: boolean }[] };
    expect(backends.map(({ healthy }) => healthy)).toEqual([true, false]);
  });
});

describe('with four workers, a host name', () => {
  it('is looked up once, and its addresses follow in all of them', async () => {
    const server = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'], ttl: 3600 } });
    const site = await CheckedSite.start('shop');
    const dns = `dns: { servers: ['${server.address}'], timeout: 10s }\n`;
    const proxy = await labProxy(yaml([`shop.test:${site.port}`], dns), PLUGIN);
    await untilAnsweredBy(proxy, ['shop']);
    await untilAnsweredBy(proxy, ['shop']);
    expect(server.questions.filter((question) => question === 'shop.test A')).toHaveLength(1);
    const response = await fetch(`http://${proxy.adminAddress}/backends`);
    const { backends } = (await response.json()) as { backends: { dns: object }[] };
    expect(backends[0]!.dns).toMatchObject({ name: 'shop.test', addresses: ['127.0.0.1'], source: 'dns' });
  });
});
