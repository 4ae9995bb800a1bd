import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../support/addresses/dead-address.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { backend } from '../../support/peers/backends.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fieldValues } from '../../support/peers/http-message.ts';
import { answer, get } from '../../support/peers/http-talk.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';
import { EXAMPLES, served, start } from './example.ts';
import { SECURE_BACKENDS, TLS_TRAFFIC, type Traffic } from './tls-traffic.ts';

// One example has workers, which run what is compiled.
buildProgram();

const TRAFFIC: Readonly<Record<string, Traffic>> = {
  ...TLS_TRAFFIC,
  'actions.yaml': async ({ connect }) => {
    const socket = await connect();
    const ask = async (head: string): Promise<string> => {
      socket.send(`${head}\r\n\r\n`);
      const { status, message, body } = await answer(socket);
      return `${String(status)} ${fieldValues(message, 'location')[0] ?? body.split(' ')[0] ?? ''}`;
    };
    expect(await ask('GET /a?b=c HTTP/1.1\r\nHost: www.old.example')).toBe('308 https://shop.example/a?b=c');
    expect(await ask('GET /docs/setup HTTP/1.1\r\nHost: any.example')).toBe('302 /help/setup');
    expect(await ask('GET /beta HTTP/1.1\r\nHost: any.example')).toBe('410 gone');
    expect(await ask('GET /?preview=1 HTTP/1.1\r\nHost: shop.example')).toBe('200 9003');
    expect(await ask('GET / HTTP/1.1\r\nHost: shop.example')).toMatch(/^200 900[123]$/);
    expect(await ask('GET / HTTP/1.1\r\nHost: any.example')).toMatch(/^404/);
  },
  'admin.yaml': async ({ connect, proxy }) => {
    expect(['9001', '9002']).toContain(await served(await connect()));
    const status = async (path: string, headers = {}): Promise<number> =>
      (await fetch(`http://${proxy.adminAddress}${path}`, { headers })).status;
    expect(await status('/status')).toBe(401);
    expect(await status('/status', { Authorization: 'Bearer not-for-production' })).toBe(200);
    expect([await status('/live'), await status('/ready'), await status('/metrics')]).toEqual([
      200, 200, 200,
    ]);
  },
  'echo-plugin.yaml': async ({ connect, proxy }) => {
    const socket = await connect();
    await socket.untilText('say something\n');
    socket.send('hello');
    await socket.untilText('HELLO');
    const file = join(proxy.directory, 'plugins/echo.mjs');
    await writeFile(file, readFileSync(file, 'utf8').replace('toUpperCase', 'toLowerCase'));
    await proxy.untilLogged('plugin replaced');
    const next = await connect();
    next.send('Hello');
    await next.untilText('hello');
    socket.send(' again');
    await socket.untilText('HELLO AGAIN');
    socket.end();
    expect(await socket.untilClosed()).toBe('end');
  },
  'filters.yaml': async ({ connect, proxy }) => {
    expect((await get(await connect(), '/')).body).toContain('9001 /');
    expect((await get(await connect(), '/staff')).status).toBe(403);
    // Each worker counts for itself, and a connection stays with its worker.
    const socket = await connect();
    for (const status of [200, 200, 200, 429]) expect((await get(socket, '/api')).status).toBe(status);
    const allowed = await fetch(`http://${proxy.address()}/`, {
      headers: { Origin: 'https://a.example.org' },
    });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://a.example.org');
  },
  'balance.yaml': async ({ connect, proxy }) => {
    const socket = await connect();
    const names = [await served(socket), await served(socket), await served(socket)];
    expect(names.sort()).toEqual(['9001', '9002', '9003']);
    const page = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
    expect(page).toContain('balance_requests_total');
    await proxy.untilLogged('GET');
    // The edit that the demo proposes for the first backend.
    const text = readFileSync(proxy.configFile, 'utf8');
    await proxy.change(text.replace('weight: 1', 'weight: 3'));
    const edited: string[] = [];
    for (let request = 0; request < 10; request += 1) edited.push(await served(socket));
    const shares = ['9001', '9002', '9003'].map((name) => edited.filter((one) => one === name).length);
    // The turns of a worker of several begin anywhere.
    const within = TEST_WORKERS > 1 ? 1 : 0;
    expect(shares.map((share, at) => Math.abs(share - (at === 0 ? 6 : 2)) <= within)).toEqual([
      true,
      true,
      true,
    ]);
  },
  'balancers.yaml': async ({ connect }) => {
    const socket = await connect();
    const names = async (path: string, lines = ''): Promise<string[]> => {
      const all: string[] = [];
      for (let round = 0; round < 9; round += 1) all.push(await served(socket, path, lines));
      return all;
    };
    const count = (all: string[], name: string): number => all.filter((one) => one === name).length;
    const weighted = await names('/weighted');
    expect(['9001', '9002', '9003'].map((name) => count(weighted, name))).toEqual([5, 3, 1]);
    expect(new Set(await names('/')).size).toBe(3);
    for (const path of ['/random', '/p2c', '/least', '/weighted-least'])
      expect(await names(path)).toHaveLength(9);
    for (const [path, line] of [
      ['/session', 'Cookie: session=abc\r\n'],
      ['/bounded', ''],
      ['/maglev', 'X-User: me\r\n'],
    ] as const) {
      expect(new Set(await names(path, line)).size, path).toBe(1);
    }
  },
  'sticky.yaml': async ({ connect }) => {
    const first = await get(await connect(), '/');
    const [cookie = ''] = fieldValues(first.message, 'set-cookie');
    const line = `Cookie: ${cookie.slice(0, cookie.indexOf(';'))}\r\n`;
    const socket = await connect();
    for (let round = 0; round < 6; round += 1) expect((await get(socket, '/', line)).body).toBe(first.body);
    expect(['9001', '9002']).toContain(await served(await connect()));
  },
  'sticky-source.yaml': async ({ connect }) => {
    const first = await served(await connect());
    for (let round = 0; round < 6; round += 1) expect(await served(await connect())).toBe(first);
  },
  'gateway.yaml': async ({ connect }) => {
    const socket = await connect();
    const names = new Set([
      await served(socket, '/api/v1/x'),
      await served(socket, '/api/v1/x'),
      await served(socket, '/api/v1'),
    ]);
    expect([...names].sort()).toEqual(['9001', '9002', '9003']);
    expect(await served(socket, '/static/a.css')).toBe('9003');
    expect((await get(socket, '/elsewhere')).status).toBe(404);
    const health = await get(socket, '/health');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.body)).toMatchObject({ status: expect.any(String) as string });
    expect((await get(socket, '/metrics')).body).toContain('balance_requests_total{');
  },
  'mirror.yaml': async ({ connect }) => {
    const socket = await connect();
    expect([await served(socket), await served(socket)].sort()).toEqual(['9001', '9002']);
  },
  'overload.yaml': async ({ connect }) => {
    const socket = await connect();
    expect([await served(socket), await served(socket)].sort()).toEqual(['9001', '9002']);
    expect((await get(socket, '/health')).status).toBe(200);
  },
  'slow-start.yaml': async ({ connect }) => {
    const socket = await connect();
    expect(['9001', '9002']).toContain(await served(socket));
  },
  'failing-backends.yaml': async ({ connect }) => {
    const socket = await connect();
    const names = new Set([await served(socket), await served(socket), await served(socket)]);
    expect([...names].sort()).toEqual(['9001', '9002', '9003']);
  },
  'health-checks.yaml': async ({ connect, proxy, seen }) => {
    const statesOf = async (): Promise<Record<string, string>> => {
      const page = await fetch(`http://${proxy.adminAddress}/backends`);
      const { backends } = (await page.json()) as { backends: { name: string; state: string }[] };
      return Object.fromEntries(backends.map(({ name, state }) => [name, state]));
    };
    const isChecked = async () => Object.values(await statesOf()).join() === 'healthy,healthy,unhealthy';
    await eventually(isChecked, 'the first checks of the servers passed, and that of the cache failed');
    const socket = await connect('web');
    expect([await served(socket), await served(socket)].sort()).toEqual(['9001', '9002']);
    const check = seen['9001']?.[0];
    expect(check?.startLine).toBe('GET /health HTTP/1.1');
    expect(fieldValues(check!, 'host').join()).toBe('app.internal');
    expect(fieldValues(check!, 'x-probe').join()).toBe('balance');
  },
  'redis.yaml': async ({ connect, proxy }) => {
    const redis = async (role: string) =>
      backend(({ socket }) => {
        socket.on('data', () => socket.write(`*3\r\n$6\r\n${role}\r\n:0\r\n*0\r\n`));
      });
    const [first, second] = [await redis('slave'), await redis('master')];
    const text = readFileSync(proxy.configFile, 'utf8');
    const addresses = [first.address, second.address];
    await proxy.change(text.replaceAll(/127\.0\.0\.1:[1-9]\d*/g, (old) => addresses.shift() ?? old));
    await proxy.untilLogged('backend is healthy');
    const page = await (await fetch(`http://${proxy.adminAddress}/backends`)).text();
    expect(page).toContain('"redis: its role is slave"');
    const socket = await connect();
    socket.send('SET key value\r\n');
    await socket.untilText('master');
  },
  'retries.yaml': async ({ connect }) => {
    const socket = await connect();
    const names = new Set([await served(socket), await served(socket), await served(socket)]);
    expect([...names].sort()).toEqual(['9001', '9002', '9003']);
  },
  'slow-backends.yaml': async ({ connect }) => {
    const socket = await connect();
    expect([await served(socket), await served(socket)].sort()).toEqual(['9001', '9002']);
  },
  'hardening.yaml': async ({ connect, seen }) => {
    const socket = await connect();
    const response = await get(socket, '/a//b/../c', 'X-Forwarded-For: 203.0.113.7\r\n');
    expect(response.body).toMatch(/^900[12] \/a\/c$/);
    // No upgrade is passed on: the backends of the examples would agree to one.
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    expect((await get(socket, '/chat', upgrade)).status).toBe(200);
    const request = Object.values(seen).flat()[0]!;
    expect(fieldValues(request, 'x-forwarded-for').join()).toContain('203.0.113.7');
    expect(fieldValues(request, 'forwarded').join()).toContain('for=127.0.0.1');
    expect(fieldValues(request, 'via').join()).toContain('edge-1');
    const tooLong = await get(socket, `/${'x'.repeat(5_000)}`);
    expect([tooLong.status, tooLong.body]).toEqual([414, expect.stringMatching(/^414 /)]);
  },
  'include.yaml': async ({ connect, proxy }) => {
    const socket = await connect();
    expect([await served(socket, '/shop'), await served(socket, '/shop')].sort()).toEqual(['9001', '9002']);
    expect(await served(socket, '/blog/today')).toBe('9003');
    expect((await get(socket, '/news')).status).toBe(404);
    const news = `routes: [{ path: /news, backends: ['${await deadAddress()}'] }]\n`;
    await writeFile(join(proxy.directory, 'conf.d/news.yaml'), news);
    await proxy.untilLogged('config reloaded');
    expect((await get(socket, '/news')).body).toMatch(/<title>50[23] .*<p>Back in a moment/s);
  },
  'listeners.yaml': async ({ connect, proxy }) => {
    const web = await connect('web');
    expect(['9001', '9002']).toContain(await served(web));
    expect(await served(web, '/api/users')).toBe('9003');
    expect((await get(web, '/health')).status).toBe(200);
    expect(await served(await connect('internal'))).toBe('9003');
    // Through the raw listener the same server speaks for itself.
    expect(await served(await connect('raw'))).toBe('9001');
    expect((await fetch(`http://${proxy.adminAddress}/status`)).status).toBe(200);
  },
  'logging.yaml': async ({ connect, proxy }) => {
    const socket = await connect();
    expect((await get(socket, '/health')).status).toBe(200);
    const backendOf = `backend-${Number(await served(socket, '/users?id=1')) - 9000}`;
    const file = join(proxy.directory, 'balance-access.log');
    const text = await eventually(
      () => (existsSync(file) && readFileSync(file, 'utf8')) || undefined,
      'the access line',
    );
    expect(text.split('\n')).toHaveLength(2);
    const line = { level: 'info', path: '/users', query: 'id=1', status: 200, backend: backendOf };
    expect(JSON.parse(text)).toMatchObject(line);
    expect(Object.keys(JSON.parse(text) as object)).not.toContain('user_agent');
    expect(await proxy.untilLogged('listening')).toContain(' INFO ');
  },
  'metrics.yaml': async ({ connect, proxy }) => {
    expect(['9001', '9002']).toContain(await served(await connect()));
    const headers = { Accept: 'application/openmetrics-text' };
    const page = await (await fetch(`http://${proxy.adminAddress}/metrics`, { headers })).text();
    expect(page).toMatch(/^balance_request_duration_seconds_bucket\{.*,le="0\.25"\} 1$/m);
    expect(page).not.toContain('le="0.0025"');
    expect(page).toContain('balance_listener_connections_accepted_total{listener="default"} 1');
    expect(page.endsWith('# EOF\n')).toBe(true);
  },
  'names.yaml': async ({ connect, proxy }) => {
    expect(['9001', '9002']).toContain(await served(await connect()));
    const { backends } = (await (await fetch(`http://${proxy.adminAddress}/backends`)).json()) as {
      backends: { dns: unknown }[];
    };
    expect(backends.map(({ dns }) => dns)).toEqual([null, null]);
  },
  'observability.yaml': async ({ connect, proxy }) => {
    expect(['9001', '9002']).toContain(await served(await connect(), '/seen'));
    const line = JSON.parse(await proxy.untilLogged('/seen')) as Record<string, unknown>;
    expect(JSON.stringify(line)).toContain('/seen');
    const page = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
    expect(page).toContain('balance_requests_total');
  },
  'rollback.yaml': async ({ connect, proxy }) => {
    expect(await served(await connect())).toBe('9001');
    const { configs } = (await (await fetch(`http://${proxy.adminAddress}/config/history`)).json()) as {
      configs: unknown[];
    };
    expect(configs).toHaveLength(1);
  },
  'routes.yaml': async ({ connect }) => {
    const socket = await connect();
    const host = async (name: string): Promise<string> => {
      socket.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
      return (await answer(socket)).body.split(' ')[0] ?? '';
    };
    expect(await host('api.example.com')).toBe('9001');
    expect(await host('acme.tenants.example.com')).toBe('9002');
    expect(await host('api.example.com.:8080')).toBe('9001');
    expect(await served(socket, '/version')).toBe('9003');
    expect((await get(socket, '/caf\xc3\xa9')).body).toMatch(/^900\d \/caf%C3%A9$/);
    expect(['9002', '9003']).toContain(await served(socket, '/reports/2024'));
    expect(await served(socket, '/reports/2024', 'X-Beta: yes\r\n')).toBe('9001');
    const others = new Set([await served(socket), await served(socket), await served(socket)]);
    expect(others.size).toBe(3);
  },
  'tcp.yaml': async ({ connect }) => {
    const [first, second] = [await connect(), await connect()];
    const names = [await served(first), await served(second)];
    expect(names.sort()).toEqual(['9001', '9002']);
  },
  'tracing.yaml': async ({ connect, seen }) => {
    await served(await connect(), '/', `b3: ${'a'.repeat(32)}-${'b'.repeat(16)}-0\r\n`);
    const [request] = seen['9001']!;
    expect(fieldValues(request!, 'b3')[0]).toMatch(/^a{32}-[0-9a-f]{16}-0/);
    expect(fieldValues(request!, 'traceparent')[0]).toMatch(/^00-a{32}-[0-9a-f]{16}-00$/);
  },
  'transform.yaml': async ({ connect, seen }) => {
    const socket = await connect();
    const response = await get(socket, '/api/v1/users', 'X-Internal-Debug: 1\r\n');
    expect(response.body).toMatch(/^900\d \/internal\/users$/);
    expect(fieldValues(response.message, 'server')).toEqual(['balance']);
    expect(fieldValues(response.message, 'x-response-time')[0]).toMatch(/\d/);
    expect(fieldValues(response.message, 'x-served-by')[0]).toMatch(/^backend-[12]$/);
    const request = Object.values(seen).flat()[0]!;
    expect(fieldValues(request, 'x-forwarded-by')).toEqual(['balance']);
    expect(fieldValues(request, 'x-internal-debug')).toEqual([]);
    expect(fieldValues(request, 'x-api-route')).toEqual(['api']);
    expect((await get(socket, '/u/42')).body).toMatch(/ \/users\/42\/profile$/);
  },
  'websocket.yaml': async ({ connect }) => {
    const socket = await connect();
    socket.send(
      'GET /chat HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(await socket.untilText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    await eventually(() => /frames of 900\d/.test(socket.text), 'the first frames arrived');
    expect(await served(await connect())).toMatch(/^900\d$/);
  },
  'workers.yaml': async ({ connect, proxy }) => {
    const names: string[] = [];
    for (let request = 0; request < 6; request += 1) names.push(await served(await connect()));
    expect(names.sort()).toEqual(['9001', '9001', '9002', '9002', '9003', '9003']);
    const { workers } = (await proxy.status()) as { workers: { worker: number; state: string }[] };
    expect(workers).toMatchObject([
      { worker: 1, state: 'serving' },
      { worker: 2, state: 'serving' },
    ]);
  },
};

describe('the example', () => {
  const files = readdirSync(EXAMPLES).filter((file) => /\.ya?ml$/.test(file));

  it.each(files)('%s serves what it promises', async (file) => {
    const traffic = TRAFFIC[file];
    if (traffic === undefined) throw new Error(`no traffic is known for the example ${file}: add it here`);
    const example = await start(file, SECURE_BACKENDS[file]);
    await traffic(example);
    expect(await example.proxy.log()).not.toMatch(/ error |"level":"error"/i);
  });
});
