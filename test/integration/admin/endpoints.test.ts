import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { askAdmin, type AdminQuestion } from '../../support/peers/admin-client.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { answer, get, named } from '../../support/peers/http-talk.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\nreload: { watch: false }\n`;

function http(address: string, more = ''): string {
  return `mode: http\nlisten: '127.0.0.1:0'\nbackends: [{ name: one, address: '${address}' }]\n${ADMIN}${more}`;
}

async function ask(
  proxy: LabProxy,
  path: string,
  question?: AdminQuestion,
): Promise<Record<string, unknown>> {
  const { status, json } = await askAdmin(proxy.adminAddress, path, question);
  return { status, ...(json() as object) };
}

const ANY_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
/** A backend that is spoken to without TLS and without a PROXY header. */
const PLAIN = {
  check: expect.objectContaining({ at: ANY_TIME, threshold: expect.any(Number) as number }) as object,
  agent: null,
  requests: null,
  by_hand: null,
  ejection: null,
  circuit_breaker: null,
  tls: null,
  proxy_protocol: null,
};
const ANY_HASH = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

describe('GET /', () => {
  it('lists what there is, the metrics included', async () => {
    const proxy = await labProxy(http('127.0.0.1:1', ''));
    const { endpoints } = await ask(proxy, '/');
    expect(endpoints).toContainEqual({ method: 'GET', path: '/status' });
    expect(endpoints).toContainEqual({ method: 'POST', path: '/reload' });
    expect(endpoints).toContainEqual({ method: 'GET', path: '/metrics' });
  });
});

describe('GET /status', () => {
  it('counts the uptime, as the metrics do, by a clock that nobody sets', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect((await ask(proxy, '/status'))['uptime_seconds']).toBeLessThan(3_000);
    const { body } = await askAdmin(proxy.adminAddress, '/metrics');
    expect(Number(/^balance_uptime_seconds (.+)$/m.exec(body)?.[1])).toBeLessThan(3_000);
  });

  it('shows what runs and how the process is', async () => {
    const one = await backend(named('one'));
    const proxy = await labProxy(http(one.address));
    await get(await client(proxy.address()));
    const shown = await ask(proxy, '/status');
    expect(shown).toEqual({
      status: 200,
      version: 'test',
      node: process.versions.node,
      pid: process.pid,
      started_at: ANY_TIME,
      uptime_seconds: expect.any(Number) as number,
      ready: true,
      generation: 1,
      hash: ANY_HASH,
      loaded_at: ANY_TIME,
      draining_generations: 0,
      draining: [],
      listeners: [
        {
          name: 'default',
          address: proxy.address(),
          protocol: 'http',
          connections: 1,
          max_connections: null,
          refused_total: 0,
          shed_total: 0,
          accept_descriptors: expect.any(Number) as number,
          tls: false,
          tls_handshakes: 0,
          tls_hellos_awaited: 0,
          max_tls_handshakes: null,
          proxy_protocol: false,
          draining: false,
        },
      ],
      certificates: [],
      // Workers share keys that are there from the start.
      ticket_key_age_seconds: TEST_WORKERS > 1 ? (expect.any(Number) as number) : null,
      plugins: {
        loaded: [
          { name: 'tcp', file: null, hash: null },
          { name: 'http', file: null, hash: null },
          { name: 'address-list', file: null, hash: null },
          { name: 'compress', file: null, hash: null },
          { name: 'cors', file: null, hash: null },
          { name: 'security-headers', file: null, hash: null },
        ],
        failures: [],
        ignored: [],
        imported_states: 0,
      },
      upgrades: { succeeded: 0, failed: 0, running: false, last: null, draining: [] },
      last_reload: expect.objectContaining({
        ok: true,
        source: 'start',
        generation: 1,
        hash: ANY_HASH,
      }) as object,
      resources: {
        open_files: expect.any(Number) as number,
        open_files_limit: expect.any(Number) as number,
        short_since: null,
        clients_refused_total: 0,
        connects_failed_total: 0,
        checks_skipped_total: 0,
      },
      overload: null,
      memory: expect.objectContaining({ rss_bytes: expect.any(Number) as number }) as object,
      cpu: { user_seconds: expect.any(Number) as number, system_seconds: expect.any(Number) as number },
      event_loop: {
        utilization: expect.any(Number) as number,
        delay_ms: expect.objectContaining({ p99: expect.any(Number) as number }) as object,
        window_seconds: expect.any(Number) as number,
      },
      runtime_ways: {
        intercepted_accept: true,
        late_socket: true,
        shared_reads: true,
        direct_text: true,
        direct_tls: true,
        accept_bursts: true,
      },
      workers: Array.from({ length: TEST_WORKERS }, (_, index) => ({
        worker: index + 1,
        state: 'serving',
        since: ANY_TIME,
        connections: expect.any(Number) as number,
        utilization: expect.any(Number) as number,
        generation: 1,
        heap_used_bytes: expect.any(Number) as number,
        last_seen_ms: TEST_WORKERS > 1 ? (expect.any(Number) as number) : 0,
        restarts: 0,
        last_end: null,
      })),
      workers_crashing: false,
      unanswered: [],
    });
    const workers = shown['workers'] as { connections: number }[];
    expect(workers.reduce((sum, { connections }) => sum + connections, 0)).toBe(1);
  });

  it('answers without the figures of memory when no file descriptor is left to read them', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    const memoryUsage = vi.spyOn(process, 'memoryUsage').mockImplementation(() => {
      throw new Error('EMFILE: too many open files, uv_resident_set_memory');
    });
    onTestFinished(() => {
      memoryUsage.mockRestore();
    });
    expect(await ask(proxy, '/status')).toMatchObject({ status: 200, memory: null });
  });

  it('shows generations that drain, with what holds them', async () => {
    const one = await backend(echoing('one'));
    const tcp = (address: string): string =>
      `listeners: [{ name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: u }]\nupstreams: [{ name: u, backends: [{ name: b-${address}, address: '${address}' }] }]\n${ADMIN}`;
    const proxy = await labProxy(tcp(one.address));
    const tunnel = await client(proxy.address());
    await tunnel.untilText('one:');
    await proxy.change(tcp((await backend(echoing('two'))).address));
    const status = await ask(proxy, '/status');
    expect(status).toMatchObject({
      generation: 2,
      draining_generations: 1,
      last_reload: { source: 'admin' },
    });
    expect(status['draining']).toEqual([
      {
        generation: 1,
        hash: ANY_HASH,
        loaded_at: ANY_TIME,
        replaced_at: ANY_TIME,
        cut_at: null,
        active: 1,
        holds: [
          {
            listener: 'raw',
            protocol: 'tcp',
            kind: 'tunnel',
            upstream: 'u',
            backend: `b-${one.address}`,
            count: 1,
          },
        ],
      },
    ]);
    const { connections } = await ask(proxy, '/connections');
    expect(connections).toMatchObject([{ state: 'tunnel', generation: 1, backend: `b-${one.address}` }]);
    const { backends } = await ask(proxy, '/backends');
    expect(backends).toMatchObject([
      { draining: false, upstreams: [{ name: 'u' }] },
      { name: `b-${one.address}`, draining: true, active: 1, upstreams: [] },
    ]);
  });

  it('shows why the last reload was refused', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    await proxy.edit(http('127.0.0.1:1', 'nonsense: 1\n'));
    expect(await ask(proxy, '/status')).toMatchObject({
      generation: 1,
      last_reload: {
        ok: false,
        generation: 1,
        problem_count: 1,
        message: expect.stringContaining('balance.yaml:7:1 nonsense is not a known key') as string,
      },
    });
  });
});

describe('GET /backends and /pools', () => {
  it('show health with its reason, and sockets', async () => {
    const one = await backend(named('one'));
    const dead = await deadAddress();
    const proxy = await labProxy(
      http(one.address, `health_check: { type: tcp, interval: 1h, timeout: 1s }\n`).replace(
        /backends: \[/,
        `$&{ name: dead, address: '${dead}', weight: 3, max_connections: 7 }, `,
      ),
    );
    await proxy.untilLogged('backend is unhealthy');
    expect((await get(await client(proxy.address()))).body).toBe('one');
    const isChecked = async (): Promise<boolean> =>
      ((await ask(proxy, '/backends'))['backends'] as { last_check_at: unknown }[]).every(
        ({ last_check_at: at }) => at !== null,
      );
    await eventually(isChecked, 'both were checked');
    expect((await ask(proxy, '/backends'))['backends']).toEqual([
      {
        name: 'dead',
        address: dead,
        dns: null,
        healthy: false,
        state: 'unhealthy',
        connects: expect.objectContaining({ failing: expect.any(Boolean) as boolean }) as object,
        since: ANY_TIME,
        reason: expect.stringContaining('ECONNREFUSED') as string,
        last_check_at: ANY_TIME,
        draining: false,
        upstreams: [
          {
            name: 'default',
            weight: 3,
            effective_weight: 3,
            max_connections: 7,
            healthy: false,
            state: 'unhealthy',
            since: ANY_TIME,
            reason: expect.stringContaining('ECONNREFUSED') as string,
            health_ignored: false,
            ...PLAIN,
          },
        ],
        active: 0,
        connections: { open: 0, leased: 0, idle: 0 },
        counters: expect.objectContaining({
          connections_created_total: 0,
          connections_reused_total: 0,
        }) as object,
        requests: { total: 0, by_status: {}, errors: {} },
      },
      {
        name: 'one',
        address: one.address,
        dns: null,
        healthy: true,
        state: 'healthy',
        connects: { failing: false, since: null, error: null },
        since: ANY_TIME,
        reason: null,
        last_check_at: ANY_TIME,
        draining: false,
        upstreams: [
          {
            name: 'default',
            weight: 1,
            effective_weight: 1,
            max_connections: null,
            healthy: true,
            state: 'healthy',
            since: ANY_TIME,
            reason: null,
            health_ignored: false,
            ...PLAIN,
          },
        ],
        active: 0,
        connections: { open: 1, leased: 0, idle: 1 },
        counters: expect.objectContaining({
          connections_created_total: 1,
          connections_reused_total: 0,
        }) as object,
        requests: { total: 1, by_status: { '2xx': 1 }, errors: {} },
      },
    ]);
    const { pools } = await ask(proxy, '/pools');
    expect(pools).toContainEqual({
      backend: 'one',
      address: one.address,
      use: 'keep-alive',
      leased: 0,
      idle: 1,
      waiting: 0,
      max_size: null,
      min_idle: 0,
      max_idle: null,
      max_idle_time_ms: expect.any(Number) as number,
      min_idle_in_force: 0,
      max_idle_in_force: null,
    });
  });
});

describe('GET /connections', () => {
  it('shows who is connected and what goes on', async () => {
    let respond: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (respond = resolve));
    const one = await backend(
      answering(async (request) => {
        if (request.startLine.includes('/slow')) await told;
        return ok('one');
      }),
    );
    const proxy = await labProxy(http(one.address));
    // The one before it is served already, so this one is accepted later, also by another worker.
    const idle = await client(proxy.address());
    await get(idle);
    await get(idle);
    const busy = await client(proxy.address());
    busy.send('GET /slow HTTP/1.1\r\nHost: test\r\n\r\n');
    await eventually(async () => {
      const { connections } = await ask(proxy, '/connections');
      return (connections as { backend: unknown }[]).some(({ backend: name }) => name === 'one');
    }, 'the exchange has its backend');
    const seen = await ask(proxy, '/connections');
    expect(seen).toMatchObject({ status: 200, total: 2, by_listener: { default: 2 } });
    expect(seen['connections']).toEqual([
      {
        id: expect.any(Number) as number,
        worker: expect.any(Number) as number,
        listener: 'default',
        client: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
        proxy: null,
        protocol: 'http',
        age_seconds: expect.any(Number) as number,
        state: 'idle',
        exchanges: 2,
        generation: null,
        backend: null,
        upstream: null,
        sni: null,
        tls: null,
      },
      expect.objectContaining({ state: 'exchange', exchanges: 1, generation: 1, backend: 'one' }),
    ]);
    const [{ id }] = seen['connections'] as [{ id: number }];
    expect(await ask(proxy, '/connections?limit=1')).toMatchObject({ total: 2, connections: [{ id }] });
    const after = await ask(proxy, `/connections?limit=1&after=${String(id)}`);
    expect(after).toMatchObject({ connections: [{ state: 'exchange' }] });
    expect(await ask(proxy, '/connections?listener=other')).toMatchObject({ total: 2, connections: [] });
    expect(await ask(proxy, '/connections?limit=1001')).toMatchObject({ status: 400, error: 'bad_query' });
    respond();
    await answer(busy);
  });
});

describe('GET /connections with a protocol that tells nothing', () => {
  const plugin = (name: string, handler: string): string => `
const reader = (stream) => ({ data() {}, end() { stream.end(); }, drained() {}, closed() {} });
export default {
  apiVersion: 2,
  name: '${name}',
  provision: () => ({
    protocol: '${name}',
    active: 0,
    handle: ({ transport: stream }) => { stream.read(reader(stream)); stream.writeText('hello'); return ${handler}; },
    close: async () => {},
  }),
};`;

  it('shows who is there', async () => {
    const proxy = await labProxy(
      `listeners:\n  - { name: quiet, listen: '127.0.0.1:0', mode: quiet }\n  - { name: faulty, listen: '127.0.0.1:0', mode: faulty }\nplugins: { directory: . }\n${ADMIN}`,
      {
        'quiet.mjs': plugin('quiet', '{ drain() {} }'),
        'faulty.mjs': plugin('faulty', `{ drain() {}, activity() { throw new Error('no idea'); } }`),
      },
    );
    for (const name of ['quiet', 'faulty']) await (await client(proxy.address(name))).untilText('hello');
    const unknown = { state: null, exchanges: null, generation: 1, backend: null };
    expect(await ask(proxy, '/connections')).toMatchObject({
      status: 200,
      connections: [
        { listener: 'quiet', protocol: 'quiet', ...unknown },
        { listener: 'faulty', protocol: 'faulty', ...unknown },
      ],
    });
  });
});

describe('POST /reload', () => {
  it('answers over the connection that it came on, also when it moves the admin server away', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    const before = proxy.adminAddress;
    await writeFile(
      proxy.configFile,
      http('127.0.0.1:1').replace(`admin: { listen: '127.0.0.1:0' }`, `admin: { listen: 'localhost:0' }`),
    );
    const answer = await askAdmin(before, '/reload', { method: 'POST' });
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    expect(proxy.app.adminAddresses.some((address) => address !== before)).toBe(true);
  });

  it('answers with what became of it', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    await writeFile(proxy.configFile, http('127.0.0.1:2'));
    const done = await ask(proxy, '/reload', { method: 'POST' });
    expect(done).toMatchObject({ status: 200, ok: true, source: 'admin', generation: 2, problems: [] });
    expect(done['changes']).not.toEqual([]);
    await writeFile(proxy.configFile, http('127.0.0.1:2', 'nonsense: 1\n'));
    const refused = await ask(proxy, '/reload', { method: 'POST' });
    expect(refused).toMatchObject({
      status: 422,
      ok: false,
      generation: 2,
      problems: [{ file: proxy.configFile, line: 7, column: 1, path: 'nonsense' }],
    });
  });

  it('happens over POST only, and never for a page of another origin', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    const got = await askAdmin(proxy.adminAddress, '/reload');
    expect([got.status, got.headers.allow]).toEqual([405, 'POST, OPTIONS']);
    const foreign = { method: 'POST', headers: { Origin: 'https://evil.example' } };
    expect(await ask(proxy, '/reload', foreign)).toMatchObject({ status: 403 });
    expect(await ask(proxy, '/status')).toMatchObject({ generation: 1, last_reload: { source: 'start' } });
  });
});

describe('GET /config', () => {
  it('shows the live config and where it came from, without its secrets', async () => {
    const token = 'a-token-for-this-test';
    const headers = { Authorization: `Bearer ${token}` };
    const yaml = http('127.0.0.1:1').replace(`0' }\nmetrics`, `0', token: ${token} }\nmetrics`);
    const proxy = await labProxy(yaml);
    const shown = await askAdmin(proxy.adminAddress, '/config', { headers });
    expect(shown.json()).toMatchObject({
      generation: 1,
      hash: ANY_HASH,
      loaded_at: ANY_TIME,
      source: 'start',
      files: [{ file: join(proxy.directory, 'balance.yaml'), role: 'main', hash: ANY_HASH }],
      config: {
        admin: { token: '***' },
        upstreams: [{ timeouts: { connect: expect.stringMatching(/s$/) as string } }],
      },
    });
    const inYaml = await askAdmin(proxy.adminAddress, '/config?format=yaml', { headers });
    expect(inYaml.headers['content-type']).toBe('application/yaml; charset=utf-8');
    expect(inYaml.body).toMatch(/^listeners:\n/);
    expect(shown.body + inYaml.body).not.toContain(token);
    expect((await askAdmin(proxy.adminAddress, '/config?format=toml', { headers })).status).toBe(400);
  });

  it('goes on showing what is live when an edit is refused', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    await proxy.edit(http('127.0.0.1:1', 'nonsense: 1\n'));
    expect(await ask(proxy, '/config')).toMatchObject({ generation: 1, source: 'start' });
    await proxy.change(http('127.0.0.1:3'));
    expect(await ask(proxy, '/config')).toMatchObject({
      generation: 2,
      source: 'admin',
      config: { upstreams: [{ backends: [{ address: '127.0.0.1:3' }] }] },
    });
  });
});

describe('POST /debug', () => {
  it('makes one CPU profile at a time', async () => {
    const proxy = await labProxy(http('127.0.0.1:1'));
    const first = askAdmin(proxy.adminAddress, '/debug/cpu-profile?seconds=1', { method: 'POST' });
    const isBusy = async (): Promise<boolean> =>
      (await askAdmin(proxy.adminAddress, '/debug/cpu-profile?seconds=1', { method: 'POST' })).status === 409;
    await eventually(isBusy, 'a second one is refused');
    const { status, headers, json } = await first;
    expect(status).toBe(200);
    expect(headers['content-disposition']).toMatch(/filename="balance-\d+-.*\.cpuprofile"/);
    expect(json()).toMatchObject({
      nodes: expect.any(Array) as unknown[],
      samples: expect.any(Array) as unknown[],
    });
    for (const seconds of ['0', '61', 'x', '1e1']) {
      const answered = await ask(proxy, `/debug/cpu-profile?seconds=${seconds}`, { method: 'POST' });
      expect([seconds, answered['status']]).toEqual([seconds, 400]);
    }
  });
});
