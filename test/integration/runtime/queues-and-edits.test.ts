import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fullBacklog } from '../../support/sockets/full-backlog.ts';
import { readMessage } from '../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { stoppedClock } from '../../support/time/stopped-clock.ts';

const SERVERS = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\n`;

interface Setting {
  /** Of the first backend. */
  readonly limit?: string;
  /** A second backend, of which there is none else. */
  readonly second?: string;
  readonly queue?: string;
  readonly pool?: string;
  readonly timeouts?: string;
  readonly name?: string;
}

/** Two listeners on one upstream: what serves HTTP, and what passes bytes on. */
function yaml(mode: 'http' | 'tcp', address: string, setting: Setting = {}): string {
  const { limit = 'max_connections: 1', second, queue = '{ max_size: 10, timeout: 30s }' } = setting;
  const { pool = '{}', timeouts = '{}', name = 'up' } = setting;
  const backends = [`{ name: first, address: '${address}', ${limit} }`];
  if (second !== undefined) backends.push(`{ name: second, address: '${second}' }`);
  return `
listeners: [{ name: in, listen: '127.0.0.1:0', mode: ${mode}, upstream: ${name} }]
upstreams:
  - { name: ${name}, backends: [${backends.join(', ')}], queue: ${queue}, connection_pool: ${pool}, timeouts: ${timeouts} }
reload: { watch: false }
${SERVERS}`;
}

async function waiting(proxy: LabProxy, count: number): Promise<void> {
  await eventually(async () => {
    const metrics = await ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '');
    return metrics.sum('balance_queue_waiting') === count;
  }, `${count} wait`);
}

/** A proxy whose only backend is busy, and two clients that wait. `served` resolves with what one of them gets. */
async function scene(mode: 'http' | 'tcp', setting: Setting = {}) {
  const hold: (() => void)[] = [];
  const held = new Promise<void>((resolve) => hold.push(resolve));
  const web = answering(async ({ startLine }) => {
    if (startLine.includes('/held')) await held;
    return ok('served');
  });
  const server = await backend(mode === 'http' ? web : echoing('served'));
  const proxy = await labProxy(yaml(mode, server.address, setting));
  const busy = await client(proxy.address());
  if (mode === 'http') busy.send('GET /held HTTP/1.1\r\nHost: t\r\n\r\n');
  await eventually(() => server.connections.length === 1, 'the backend is busy');
  const queued = [await client(proxy.address())];
  if (mode === 'http') queued[0]!.send('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
  await waiting(proxy, 1);
  queued.push(await client(proxy.address()));
  if (mode === 'http') queued[1]!.send('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
  await waiting(proxy, 2);
  const edit = (next: Setting) => proxy.change(yaml(mode, server.address, next));
  const free = (): void => {
    if (mode === 'http') hold[0]?.();
    else busy.close();
  };
  return { proxy, queued, edit, free };
}

describe.each(['http', 'tcp'] as const)('%s: clients that wait for a backend', (mode) => {
  it.each<[what: string, before: Setting, after: Setting]>([
    ['a higher limit', {}, { limit: 'max_connections: 5' }],
    ['no limit', {}, { limit: 'weight: 1' }],
    ['no limit, and another queue', {}, { limit: 'weight: 1', queue: '{ max_size: 0 }' }],
  ])('are served at once when an edit brings %s', async (_what, before, after) => {
    const { queued, edit, proxy } = await scene(mode, before);
    await edit(after);
    for (const client of queued) await client.untilText('served');
    await waiting(proxy, 0);
  });

  it('are served at once by a backend that an edit brings', async () => {
    const { queued, edit } = await scene(mode);
    const other = await backend(mode === 'http' ? answering(() => ok('other')) : echoing('other'));
    await edit({ second: other.address });
    for (const client of queued) await client.untilText('other');
  });

  it('go on waiting in the queue of another size and time', async () => {
    const { queued, edit, proxy, free } = await scene(mode);
    await edit({ queue: '{ max_size: 3, timeout: 20s }' });
    await waiting(proxy, 2);
    free();
    await queued[0]!.untilText('served');
  });

  it('are told at once when an edit takes the queue away', async () => {
    const { queued, edit, proxy } = await scene(mode);
    await edit({ queue: '{ max_size: 0 }' });
    for (const client of queued) {
      if (mode === 'tcp') expect(await client.untilClosed()).toBe('reset');
      else expect((await readMessage(client)).startLine).toBe('HTTP/1.1 503 Service Unavailable');
    }
    await proxy.untilLogged(mode === 'http' ? 'queue_full' : 'an edit of the config');
  });

  it('keep to the backends that they have when an edit gives the upstream another name', async () => {
    const { queued, edit, free } = await scene(mode);
    await edit({ name: 'another' });
    free();
    for (const client of queued) {
      await client.untilText('served');
      client.close();
    }
  });

  it('are served by what an edit brought when the server that it took away does not answer', async () => {
    const { port } = await fullBacklog();
    const text = (address: string): string => yaml(mode, address, { timeouts: '{ connect: 3s }' });
    const proxy = await labProxy(text(`127.0.0.1:${port}`));
    const waiting = async (): Promise<number> =>
      (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_backend_requests_in_flight');
    const clock = stoppedClock();
    const early = await client(proxy.address());
    early.send('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
    // Each look is an exchange with the admin server: no timer is needed between two of them.
    while ((await waiting()) !== 1);
    const server = await backend(mode === 'http' ? answering(() => ok('alive')) : echoing('alive'));
    await proxy.change(text(server.address));
    clock.advance(3_000);
    await early.untilText('alive');
  });
});

describe('http: requests that wait when an edit has their listener speak tcp', () => {
  it('keep to the backend that they have, and nothing of them reaches the one that it brings', async () => {
    const { queued, proxy, free } = await scene('http');
    const raw = await backend(echoing('raw'));
    await proxy.change(yaml('tcp', raw.address));
    free();
    for (const client of queued) await client.untilText('served');
    expect(raw.connections).toHaveLength(0);
  });
});

describe('http: requests that wait for a place in a pool', () => {
  it('are served when an edit gives it more', async () => {
    const { queued, edit } = await scene('http', { limit: 'weight: 1', pool: '{ max_size: 1 }' });
    await edit({ limit: 'weight: 1', pool: '{ max_size: 3 }' });
    for (const client of queued) await client.untilText('served');
  });
});
