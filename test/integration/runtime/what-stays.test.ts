import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { answer, get, named } from '../../support/peers/http-talk.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }`;
const METRICS = `metrics: { enabled: true, listen: '127.0.0.1:0' }`;

/** A proxy with warm sockets, a kept connection and a tunnel, and its config to edit. */
async function scene() {
  const [web, raw, spare] = [
    await backend(named('web')),
    await backend(echoing('raw')),
    await backend(named('spare')),
  ];
  const yaml = `
listeners:
  - name: web
    listen: '127.0.0.1:0'
    upstream: web
    http: { routes: [{ name: first, path_prefix: /first, upstream: web }] }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: raw }
upstreams:
  - name: web
    backends: [{ name: web, address: '${web.address}', weight: 1 }]
    load_balancer: { algorithm: round-robin }
    health_check: { type: tcp, interval: 1h }
    timeouts: { read: 20s, connect: 5s }
    connection_pool: { max_size: 10 }
  - { name: raw, backends: [{ name: raw, address: '${raw.address}' }] }
reload: { watch: false }
logging: { level: info }
${ADMIN}
${METRICS}
`;
  const proxy = await labProxy(yaml);
  const [kept, tunnel] = [await client(proxy.address('web')), await client(proxy.address('raw'))];
  for (let round = 0; round < 3; round += 1) expect((await get(kept)).body).toBe('web');
  await tunnel.untilText('raw:');
  // The check of health takes one of its own.
  await eventually(() => web.connections.length === 2, 'health was checked');
  return { proxy, yaml, web, raw, spare, kept, tunnel };
}

type Scene = Awaited<ReturnType<typeof scene>>;

async function scraped({ proxy }: Scene): Promise<ScrapedMetrics> {
  return ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '');
}

describe('an edit leaves what it does not touch as it is', () => {
  it.each<[edit: string, from: string, to: string]>([
    ['the log level', 'level: info', 'level: debug'],
    ['the admin server', ADMIN, `admin: { listen: 'localhost:0' }`],
    ['the metrics', METRICS, `metrics: { enabled: true, listen: 'localhost:0' }`],
    ['a weight', 'weight: 1', 'weight: 5'],
    ['the algorithm', 'round-robin', 'least-connections'],
    ['the health check', 'interval: 1h', 'interval: 2h'],
    ['a timeout', 'read: 20s', 'read: 21s'],
    [
      'the limit of connections',
      `upstream: web\n    http`,
      `upstream: web\n    max_connections: 50\n    http`,
    ],
    ['a route', 'routes: [', 'routes: [{ name: more, path: /more, upstream: web }, '],
    [
      'a transform',
      'http: {',
      'http: { transform: { response_headers: [{ action: set, name: X-A, value: b }] }, ',
    ],
    [
      'the order of upstreams and a new one',
      'upstreams:\n',
      `upstreams:\n  - { name: new, backends: [{ address: '127.0.0.1:1' }] }\n`,
    ],
  ])('when it is %s', async (_, from, to) => {
    const made = await scene();
    const { proxy, yaml, web, raw, kept, tunnel } = made;
    expect(yaml).toContain(from);
    const before = proxy.address('web');
    const outcome = await proxy.edit(yaml.replace(from, to));
    expect(outcome).toMatchObject({ ok: true, generation: 2 });
    expect(outcome.changes.length).toBeGreaterThan(0);
    for (let round = 0; round < 3; round += 1) expect((await get(kept)).body).toBe('web');
    tunnel.send('still');
    await tunnel.untilText('still');
    expect(proxy.address('web')).toBe(before);
    expect(raw.connections).toHaveLength(1);
    // One socket for all six requests; another check of health may have come by other rules.
    const requests = web.connections.filter(({ ending }) => ending === undefined);
    expect(requests).toHaveLength(1);
    expect((await scraped(made)).sum('balance_requests_total', { backend: 'web' })).toBe(6);
    // The tunnel's instance was taken over: nothing drains.
    await eventually(async () => (await proxy.status())['draining_generations'] === 0, 'nothing drains');
  });

  it.each<[edit: string, from: string, to: string]>([
    ['of the pool', 'max_size: 10', 'max_size: 11'],
    ['of the time to connect', 'connect: 5s', 'connect: 6s'],
  ])('but for the sockets, which are connected anew after an edit %s', async (_, from, to) => {
    const made = await scene();
    const { proxy, yaml, web, kept, tunnel } = made;
    await proxy.change(yaml.replace(from, to));
    for (let round = 0; round < 3; round += 1) expect((await get(kept)).body).toBe('web');
    await eventually(
      () => web.connections.filter(({ ending }) => ending === undefined).length === 1,
      'the idle socket of before is closed',
    );
    expect(web.connections).toHaveLength(3);
    tunnel.send('still');
    await tunnel.untilText('still');
    expect((await scraped(made)).sum('balance_requests_total', { backend: 'web' })).toBe(6);
  });
});

describe('an edit of backends', () => {
  it('that adds one keeps the sockets of the other', async () => {
    const { proxy, yaml, web, spare, kept } = await scene();
    await proxy.change(
      yaml.replace('weight: 1 }', `weight: 1 }, { name: spare, address: '${spare.address}' }`),
    );
    const bodies = [];
    for (let round = 0; round < 4; round += 1) bodies.push((await get(kept)).body);
    expect(bodies.sort()).toEqual(['spare', 'spare', 'web', 'web']);
    expect(web.connections.filter(({ ending }) => ending === undefined)).toHaveLength(1);
  });

  it('that removes one closes its idle sockets though a tunnel through the same upstream goes on', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const upgraded = await backend(
      answering(
        () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
    );
    const yaml = (...others: string[]): string => `
listeners:
  - name: web
    listen: '127.0.0.1:0'
    upstream: web
upstreams:
  - name: web
    backends:
      - { name: socket, address: '${upgraded.address}' }
${others.map((address) => `      - { name: 'n-${address}', address: '${address}' }\n`).join('')}
reload: { watch: false }
${ADMIN}
`;
    const proxy = await labProxy(yaml(one.address, two.address));
    const tunnel = await client(proxy.address());
    tunnel.send('GET / HTTP/1.1\r\nHost: t\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    await tunnel.untilText('101');
    const kept = await client(proxy.address());
    expect([(await get(kept)).body, (await get(kept)).body]).toEqual(['one', 'two']);
    await proxy.change(yaml(two.address));
    await (await one.connection(0)).untilEnded();
    expect(tunnel.ending).toBeUndefined();
    expect(two.connections.filter(({ ending }) => ending === undefined)).toHaveLength(1);
    expect(await proxy.status()).toMatchObject({
      draining: [
        {
          generation: 1,
          active: 1,
          holds: [{ kind: 'tunnel', upstream: 'web', backend: 'socket', count: 1 }],
        },
      ],
    });
  });
});

describe('the health that is known', () => {
  it.each<[edit: string, from: string, to: string]>([
    ['the name of the backend', 'name: sick', 'name: renamed'],
    ['the name of the upstream', 'up-a', 'up-b'],
    ['how often it is checked', 'interval: 1h', 'interval: 2h'],
    ['its weight', 'weight: 1', 'weight: 2'],
  ])('outlives an edit of %s', async (_, from, to) => {
    let asked = 0;
    const sick = await backend(
      answering(() => {
        asked += 1;
        return 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n';
      }),
    );
    const fit = await backend(named('fit'));
    const yaml = `
listeners: [{ name: web, listen: '127.0.0.1:0', upstream: up-a }]
upstreams:
  - name: up-a
    backends: [{ name: sick, address: '${sick.address}', weight: 1 }, { name: fit, address: '${fit.address}' }]
    health_check: { type: http, path: /health, interval: 1h, timeout: 5s }
reload: { watch: false }
`;
    const proxy = await labProxy(yaml);
    await proxy.untilLogged('backend is unhealthy');
    expect(asked).toBe(1);
    await proxy.change(yaml.replaceAll(from, to));
    const kept = await client(proxy.address());
    for (let round = 0; round < 4; round += 1) expect((await get(kept)).body).toBe('fit');
  });
});

describe('the turns of a balancer', () => {
  it.each(['round-robin', 'weighted-round-robin', 'least-connections', 'weighted-least-connections'])(
    'go on after edits: %s',
    async (algorithm) => {
      const servers = await Promise.all(['a', 'b', 'c'].map((name) => backend(named(name))));
      const yaml = (readS: number): string => `
listen: '127.0.0.1:0'
mode: http
backends: [${servers.map(({ address }, at) => `{ name: s${at}, address: '${address}' }`).join(', ')}]
load_balancer: { algorithm: ${algorithm} }
timeouts: { read: ${readS}s }
reload: { watch: false }
`;
      const proxy = await labProxy(yaml(10));
      const kept = await client(proxy.address());
      const bodies = [];
      for (let round = 0; round < 6; round += 1) {
        bodies.push((await get(kept)).body);
        await proxy.change(yaml(11 + round));
      }
      // With edits that begin anew all six would go to the first one.
      expect(bodies.sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    },
  );
});

describe('who waits for a backend below its limit', () => {
  it.each<[edit: string, change: (yaml: string) => string]>([
    ['leaves the upstream alone', (yaml) => yaml.replace('level: info', 'level: debug')],
    ['changes the upstream', (yaml) => yaml.replace('read: 20s', 'read: 21s')],
  ])('is served though an edit %s', async (_, change) => {
    const respond: (() => void)[] = [];
    const slow = await backend(
      answering(async () => {
        await new Promise<void>((resolve) => respond.push(resolve));
        return ok('slow');
      }),
    );
    const yaml = `
listen: '127.0.0.1:0'
mode: http
backends: [{ name: slow, address: '${slow.address}', max_connections: 1 }]
queue: { max_size: 5, timeout: 20s }
timeouts: { read: 20s }
reload: { watch: false }
logging: { level: info }
${ADMIN}
${METRICS}
`;
    const proxy = await labProxy(yaml);
    const [first, second] = [await client(proxy.address()), await client(proxy.address())];
    first.send('GET /1 HTTP/1.1\r\nHost: t\r\n\r\n');
    await eventually(() => respond.length === 1, 'the first one runs');
    second.send('GET /2 HTTP/1.1\r\nHost: t\r\n\r\n');
    const waiting = async (): Promise<number> =>
      (await ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '')).sum('balance_queue_waiting');
    await eventually(async () => (await waiting()) === 1, 'the second one waits');
    await proxy.change(change(yaml));
    respond[0]!();
    expect((await answer(first)).body).toBe('slow');
    await eventually(() => respond.length === 2, 'the second one runs');
    respond[1]!();
    expect((await answer(second)).body).toBe('slow');
  });
});
