import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import type { Message } from '../../support/peers/http-message.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

type Labels = Readonly<Record<string, string>>;

const METRICS = `
reload: { watch: false }
metrics: { listen: '127.0.0.1:0' }
logging: { level: error }
`;

function http(backends: string, more = ''): string {
  return `mode: http\nlisten: '127.0.0.1:0'\nbackends: [${backends}]\n${METRICS}${more}`;
}

function sum(proxy: LabProxy, name: string, labels?: Labels): Promise<number> {
  return ScrapedMetrics.from(proxy.adminAddress).then((page) => page.sum(`balance_${name}`, labels));
}

/** Waits until a metric has that value. */
async function until(proxy: LabProxy, name: string, value: number, labels?: Labels): Promise<void> {
  let last = -1;
  const what = (): string => `${name} is ${value}, not ${last}`;
  await eventually(async () => {
    last = await sum(proxy, name, labels);
    return last === value;
  }, what());
}

/** A backend that answers each request when the test says so. */
async function patient() {
  const waiting: (() => void)[] = [];
  const seen: Message[] = [];
  const server = await backend(
    answering(async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return ok();
    }, seen),
  );
  return {
    address: server.address,
    asked: (count: number) => eventually(() => seen.length === count, `${count} requests came`),
    answer: () => waiting.shift()?.(),
  };
}

describe('metrics of bytes', () => {
  it('count all that passes both sides of a listener', async () => {
    const server = await backend(answering(() => ok('x'.repeat(30_000))));
    const proxy = await labProxy(http(`{ name: one, address: '${server.address}' }`));
    const socket = await client(proxy.address());
    await get(socket);
    socket.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n${'y'.repeat(20_000)}`);
    await socket.untilText('x'.repeat(30_000));
    const [connection] = server.connections;
    const { bytesRead, bytesWritten } = socket.socket;
    await until(proxy, 'listener_bytes_total', bytesWritten, { direction: 'received' });
    await until(proxy, 'listener_bytes_total', bytesRead, { direction: 'sent' });
    await until(proxy, 'backend_bytes_total', connection!.socket.bytesRead, { direction: 'sent' });
    await until(proxy, 'backend_bytes_total', connection!.socket.bytesWritten, { direction: 'received' });
    expect(bytesRead).toBeGreaterThan(30_000);
    socket.close();
    connection!.close();
    await until(proxy, 'listener_connections_active', 0);
    await until(proxy, 'backend_connections_active', 0);
    // Closed connections stay counted.
    expect(await sum(proxy, 'listener_bytes_total', { direction: 'received' })).toBe(bytesWritten);
    expect(await sum(proxy, 'backend_bytes_total', { direction: 'sent' })).toBeGreaterThan(20_000);
  });

  it('of a tunnel are seen while it runs, with what came before its backend did', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ name: db, address: '${server.address}' }]\n${METRICS}`,
    );
    const labels = { listener: 'default', backend: 'db' };
    const socket = await client(proxy.address());
    socket.send('first');
    await socket.untilLength(5);
    socket.send('second');
    await socket.untilLength(11);
    expect(await sum(proxy, 'tunnels_active', labels)).toBe(1);
    expect(await sum(proxy, 'tunnel_bytes_total', { ...labels, direction: 'received' })).toBe(11);
    expect(await sum(proxy, 'tunnel_bytes_total', { ...labels, direction: 'sent' })).toBe(11);
    expect(await sum(proxy, 'tunnel_duration_seconds_count', labels)).toBe(0);
    socket.end();
    await until(proxy, 'tunnels_active', 0);
    await until(proxy, 'tunnel_duration_seconds_count', 1, labels);
    expect(await sum(proxy, 'tunnels_total', labels)).toBe(1);
    expect(await sum(proxy, 'tunnel_bytes_total', labels)).toBe(22);
  });
});

describe('metrics of limits', () => {
  it('count connections that a listener refuses', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nmax_connections: 1\nbackends: [{ address: '${server.address}' }]\n${METRICS}`,
    );
    const socket = await client(proxy.address());
    socket.send('here');
    await socket.untilText('here');
    await (await client(proxy.address())).untilEnded();
    await until(proxy, 'listener_connections_refused_total', 1);
    expect(await sum(proxy, 'listener_connections_accepted_total')).toBe(1);
    expect(await sum(proxy, 'listener_connections_active')).toBe(1);
  });

  it('show who waits for a backend below its limit, and how that ended', async () => {
    const server = await patient();
    const proxy = await labProxy(
      http(`{ address: '${server.address}', max_connections: 1 }`, 'queue: { max_size: 2, timeout: 10s }\n'),
    );
    const sockets = await Promise.all([1, 2, 3].map(() => client(proxy.address())));
    const answers = [get(sockets[0]!)];
    await server.asked(1);
    answers.push(get(sockets[1]!));
    await until(proxy, 'queue_waiting', 1);
    const leaving = await client(proxy.address());
    leaving.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(proxy, 'queue_waiting', 2);
    expect((await get(sockets[2]!)).status).toBe(503);
    leaving.close();
    await until(proxy, 'queue_waiting', 1);
    server.answer();
    await server.asked(2);
    server.answer();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    const upstream = { upstream: 'default' };
    expect(await sum(proxy, 'queue_waiting', upstream)).toBe(0);
    expect(await sum(proxy, 'queue_refused_total', upstream)).toBe(1);
    expect(await sum(proxy, 'queue_timeouts_total', upstream)).toBe(0);
    expect(await sum(proxy, 'queue_wait_seconds_count', upstream)).toBe(2);
    expect(await sum(proxy, 'request_errors_total', { error_type: 'queue_full' })).toBe(1);
  });

  it('count who waits in vain', async () => {
    const server = await patient();
    const proxy = await labProxy(
      http(`{ address: '${server.address}', max_connections: 1 }`, 'queue: { max_size: 2, timeout: 20ms }\n'),
    );
    const first = get(await client(proxy.address()));
    await server.asked(1);
    expect((await get(await client(proxy.address()))).status).toBe(503);
    expect(await sum(proxy, 'queue_timeouts_total')).toBe(1);
    expect(await sum(proxy, 'queue_wait_seconds_sum')).toBeGreaterThan(0.015);
    server.answer();
    await first;
  });
});

describe('metrics of backends', () => {
  it('count connects that fail, health checks by result, and pools', async () => {
    const server = await backend(answering(() => ok()));
    const proxy = await labProxy(
      http(
        `{ name: dead, address: '${await deadAddress()}' }, { name: live, address: '${server.address}' }`,
        'connection_pool: { max_size: 7 }\n',
      ),
    );
    const socket = await client(proxy.address());
    for (let n = 0; n < 4; n++) expect((await get(socket)).status).toBe(200);
    expect(await sum(proxy, 'backend_connect_failures_total', { backend: 'dead' })).toBeGreaterThan(0);
    expect(await sum(proxy, 'backend_connect_failures_total', { backend: 'live' })).toBe(0);
    expect(await sum(proxy, 'pool_connections_max', { backend: 'live' })).toBe(7);
    expect(await sum(proxy, 'pool_connections_discarded_total', { backend: 'live' })).toBe(0);
    server.connections[0]!.close();
    await until(proxy, 'backend_connections_active', 0, { backend: 'live' });
    await until(proxy, 'pool_connections_discarded_total', 1, { backend: 'live' });
    const check = 'health_check: { type: tcp, interval: 20ms }\n';
    await proxy.change(
      http(
        `{ name: dead, address: '${await deadAddress()}' }, { name: live, address: '${server.address}' }`,
        check,
      ),
    );
    await until(proxy, 'backend_health_status', 0, { backend: 'dead' });
    // Without max_size the pool has no limit.
    expect(await sum(proxy, 'pool_connections_max', { backend: 'live' })).toBe(0);
    expect(await sum(proxy, 'health_checks_total', { backend: 'dead', result: 'fail' })).toBeGreaterThan(0);
    await eventually(
      async () => (await sum(proxy, 'health_checks_total', { backend: 'live', result: 'pass' })) > 0,
      'the live one passes',
    );
    expect(await sum(proxy, 'health_check_duration_seconds_count', { backend: 'dead' })).toBeGreaterThan(0);
  });

  it('count requests that are sent once more', async () => {
    let seen = 0;
    const server = await backend(
      answering((_request, connection) => {
        seen++;
        if (seen !== 2) return ok();
        connection.reset();
        return undefined;
      }),
    );
    const proxy = await labProxy(http(`{ name: one, address: '${server.address}' }`));
    const socket = await client(proxy.address());
    await get(socket);
    expect(await sum(proxy, 'request_resends_total')).toBe(0);
    expect((await get(socket)).status).toBe(200);
    expect(await sum(proxy, 'request_resends_total', { backend: 'one' })).toBe(1);
  });

  it('stay while a removed backend drains, count what it finishes, and go then', async () => {
    const old = await patient();
    const next = await backend(answering(() => ok()));
    const proxy = await labProxy(http(`{ name: old, address: '${old.address}' }`));
    const last = get(await client(proxy.address()));
    await old.asked(1);
    await proxy.change(http(`{ name: next, address: '${next.address}' }`));
    expect(await sum(proxy, 'backend_requests_in_flight', { backend: 'old' })).toBe(1);
    expect(await sum(proxy, 'backend_health_status', { backend: 'old' })).toBe(1);
    expect(await sum(proxy, 'config_draining_generations')).toBe(1);
    expect(await sum(proxy, 'config_generation_connections', { generation: '1' })).toBe(1);
    old.answer();
    expect((await last).status).toBe(200);
    await until(proxy, 'config_draining_generations', 0);
    const { text } = await ScrapedMetrics.from(proxy.adminAddress);
    expect(text).not.toContain('backend="old"');
    expect(text).toContain('backend="next"');
    expect(text).not.toContain('generation="1"');
  });

  it('go on when a backend moves to another address', async () => {
    const [before, after] = await Promise.all([
      backend(answering(() => ok())),
      backend(answering(() => ok())),
    ]);
    const proxy = await labProxy(http(`{ name: one, address: '${before.address}' }`));
    const socket = await client(proxy.address());
    await get(socket);
    await until(proxy, 'pool_connections_created_total', 1);
    await proxy.change(http(`{ name: one, address: '${after.address}' }`));
    await get(socket);
    await until(proxy, 'config_draining_generations', 0);
    expect(await sum(proxy, 'requests_total', { backend: 'one' })).toBe(2);
    expect(await sum(proxy, 'pool_connections_created_total')).toBe(2);
  });
});

describe('metrics of the config', () => {
  it('count reloads by who asked and how they ended', async () => {
    const server = await backend(answering(() => ok()));
    const yaml = http(`{ address: '${server.address}' }`);
    const proxy = await labProxy(yaml);
    const startedAt = await sum(proxy, 'config_last_reload_success_timestamp_seconds');
    expect(Math.abs(startedAt - Date.now() / 1000)).toBeLessThan(60);
    expect(await sum(proxy, 'config_reloads_total')).toBe(0);
    await proxy.change(`${yaml}# an edit\n`);
    await writeFile(proxy.configFile, 'mode: nonsense');
    await proxy.app.reload({ source: 'signal' });
    expect(await sum(proxy, 'config_reloads_total', { source: 'admin', result: 'success' })).toBe(1);
    expect(await sum(proxy, 'config_reloads_total', { source: 'signal', result: 'failure' })).toBe(1);
    expect(await sum(proxy, 'config_reloads_total')).toBe(2);
    expect(await sum(proxy, 'config_last_reload_success')).toBe(0);
    expect(await sum(proxy, 'config_last_reload_success_timestamp_seconds')).toBeGreaterThan(startedAt);
    expect(await sum(proxy, 'config_last_reload_duration_seconds')).toBeGreaterThan(0);
  });

  it('go on with new buckets, and keep their counts while they are off', async () => {
    const server = await backend(answering(() => ok()));
    const yaml = (metrics: string): string =>
      http(`{ address: '${server.address}' }`)
        .replace(/metrics: .*/, `metrics: { ${metrics} }`)
        .concat("admin: { listen: '127.0.0.1:0' }\n");
    const proxy = await labProxy(yaml("listen: '127.0.0.1:0'"));
    const socket = await client(proxy.address());
    await get(socket);
    expect((await ScrapedMetrics.from(proxy.adminAddress)).text).toContain('le="0.0025"');
    await proxy.change(yaml("listen: '127.0.0.1:0', buckets: [0.3, 30]"));
    await get(socket);
    const { text } = await ScrapedMetrics.from(proxy.adminAddress);
    expect(text).not.toContain('le="0.0025"');
    expect(await sum(proxy, 'request_duration_seconds_bucket', { le: '30.0' })).toBe(2);
    expect(await sum(proxy, 'requests_total')).toBe(2);
    await proxy.change(yaml('enabled: false'));
    await get(socket);
    expect((await fetch(`http://${proxy.adminAddress}/metrics`)).status).toBe(404);
    await proxy.change(yaml("listen: '127.0.0.1:0', buckets: [0.3, 30]"));
    expect(await sum(proxy, 'requests_total')).toBe(2);
  });

  it('count what plugins throw', async () => {
    const plugin = `export default {
      apiVersion: 2,
      name: 'clumsy',
      provision: () => ({
        protocol: 'clumsy',
        active: 0,
        handle({ transport: stream }) {
          stream.read({ data() { throw new Error('clumsy'); }, end() {}, drained() {}, closed() {} });
          return { drain() {} };
        },
        close: () => Promise.resolve(),
      }),
    };`;
    const proxy = await labProxy(
      `listeners: [{ name: one, address: '127.0.0.1:0', mode: clumsy }]\nplugins: { directory: '.' }\n${METRICS}`,
      { 'clumsy.mjs': plugin },
    );
    expect(await sum(proxy, 'plugin_failures_total')).toBe(0);
    const socket = await client(proxy.address());
    socket.send('x');
    await socket.untilEnded();
    await until(proxy, 'plugin_failures_total', 1);
  });
});
