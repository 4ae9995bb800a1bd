import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { answer, get } from '../../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';

/** A gateway in front of one server that is up, with further lines of its config. */
async function gateway(rest = '', path = '/'): Promise<{ proxy: LabProxy; seen: Message[]; yaml: string }> {
  const seen: Message[] = [];
  const server = await backend(answering(() => ok('served'), seen));
  const yaml = `listen: '127.0.0.1:0'
routes: [{ path: ${path}, backends: ['http://${server.address}'] }]
logging: { level: debug }
${rest}
`;
  return { proxy: await labProxy(yaml), seen, yaml };
}

/** The requests that the backend saw from clients, and not from health checks. */
function served(seen: readonly Message[]): string[] {
  const asked = seen.filter((message) => !fieldValues(message, 'user-agent').includes('balance-health'));
  return asked.map(({ startLine }) => startLine.split(' ')[1] ?? '');
}

async function ask(
  proxy: LabProxy,
  path: string,
  lines = '',
): Promise<{ status: number; body: string; message: Message }> {
  return get(await client(proxy.address()), path, lines);
}

/** GET /metrics from another address of this machine. */
function statusFrom(localAddress: string, proxy: LabProxy, headers = {}): Promise<number | undefined> {
  const [host, port] = proxy.address().split(':');
  return new Promise((resolve, reject) => {
    httpRequest({ host, port, path: '/metrics', localAddress, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

async function accessLines(proxy: LabProxy): Promise<string[]> {
  return (await proxy.log()).split('\n').filter((line) => line.includes(' INFO access '));
}

describe('the gateway form', () => {
  it('answers /health and /metrics on its own port, before its routes', async () => {
    const { proxy, seen } = await gateway();
    await eventually(() => seen.length > 0, 'the backend is checked');
    await eventually(
      async () => (await ask(proxy, '/health')).body.includes('"healthy"}'),
      'it was found healthy',
    );
    const health = await ask(proxy, '/health');
    expect(health.status).toBe(200);
    expect(health.body).toMatch(/^\{"status":"healthy","uptime":"\d+s","backends":\{.*"healthy"\}\}\n$/);
    expect(fieldValues(health.message, 'cache-control')).toEqual(['no-store']);
    const metrics = await ask(proxy, '/metrics');
    expect(metrics.status).toBe(200);
    expect(fieldValues(metrics.message, 'content-type')).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(metrics.body).toContain('balance_build_info{');
    expect((await ask(proxy, '/metrics/more')).body).toBe('served');
    expect(served(seen)).toEqual(['/metrics/more']);
    expect(proxy.app.adminAddresses).toEqual([]);
  });

  it('takes a probe for no request: no metric, span or access line tells of it, also of one that says 503', async () => {
    const dead = await deadAddress();
    const proxy = await labProxy(`listen: '127.0.0.1:0'
routes: [{ path: /, backends: ['http://${dead}'] }]
health_check_interval: 100ms
logging: { level: info }
tracing: { sample_rate: 1, endpoint: 'http://${dead}/api/traces' }
`);
    const socket = await client(proxy.address());
    await eventually(async () => (await get(socket, '/health')).status === 503, 'the backend is down');
    const { body } = await get(socket, '/metrics');
    expect(body).toContain('balance_build_info{');
    expect(body).not.toMatch(/^balance_(?:requests|request_errors|\w*requests)_total\{.*\} [1-9]/m);
    expect((await get(socket, '/')).status).toBe(503);
    expect((await get(socket, '/metrics')).body).toContain(
      'balance_requests_total{backend="none",method="GET",status="503"} 1\n',
    );
    await proxy.untilLogged('path=/ ');
    expect(await accessLines(proxy)).toHaveLength(1);
  });

  it('has neither where they are turned off, and gets them back by an edit', async () => {
    const off = "health_endpoint: ''\nmetrics: { enabled: false }";
    const { proxy, yaml } = await gateway(off);
    const socket = await client(proxy.address());
    expect([(await get(socket, '/health')).body, (await get(socket, '/metrics')).body]).toEqual([
      'served',
      'served',
    ]);
    await proxy.change(yaml.replace(off, 'metrics: { path: /numbers }'));
    expect((await get(socket, '/health')).status).toBe(200);
    expect((await get(socket, '/metrics')).body).toBe('served');
    expect((await get(socket, '/numbers')).body).toContain('balance_uptime_seconds');
    await proxy.change(yaml);
    expect((await get(socket, '/numbers')).body).toBe('served');
  });

  it('leaves out a backend after one failed check and takes it back after one that passes', async () => {
    let status = '200 OK';
    const answerOf = (): string => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
    const server = await backend(answering(answerOf));
    // A check may take as long as that: on a machine that stops now and then, a short one fails for want of time.
    const proxy = await labProxy(`listen: '127.0.0.1:0'
routes: [{ path: /, backends: ['http://${server.address}'] }]
health_check_interval: 2s
`);
    const socket = await client(proxy.address());
    expect((await get(socket)).status).toBe(200);
    status = '404 Not Found';
    await eventually(async () => (await get(socket)).status === 503, 'the backend is down');
    expect(await proxy.untilLogged('answered GET / with status 404')).toContain(
      'and not with 200 (set health_check.path or health_check.expected_status)',
    );
    status = '200 OK';
    await eventually(async () => (await get(socket)).status === 200, 'the backend is back');
  });
});

describe('metrics on the port of a listener', () => {
  it('come as a client wants them, and to HEAD without a body', async () => {
    const { proxy } = await gateway();
    const socket = await client(proxy.address());
    const zipped = await get(
      socket,
      '/metrics',
      'Accept-Encoding: gzip\r\nAccept: application/openmetrics-text\r\n',
    );
    expect(fieldValues(zipped.message, 'content-encoding')).toEqual(['gzip']);
    expect(gunzipSync(zipped.message.body).toString()).toMatch(/# EOF\n$/);
    socket.send('HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(statusOf(await readMessage(socket, { noBody: true }))).toBe(200);
    socket.send('POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    const refused = await answer(socket);
    expect(refused.status).toBe(405);
    expect(fieldValues(refused.message, 'allow')).toEqual(['GET, HEAD']);
  });

  it('come in their turn to a client that asks on without waiting', async () => {
    const { proxy } = await gateway();
    const socket = await client(proxy.address());
    socket.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await answer(socket)).body).toContain('balance_build_info');
    expect((await answer(socket)).body).toBe('served');
  });

  it('are kept from a peer that may not ask, whatever its headers say', async () => {
    const { proxy } = await gateway('metrics: { allow: [127.0.0.2] }');
    expect(await statusFrom('127.0.0.1', proxy)).toBe(403);
    expect(await statusFrom('127.0.0.1', proxy, { 'X-Forwarded-For': '127.0.0.2' })).toBe(403);
    expect(await statusFrom('127.0.0.2', proxy)).toBe(200);
    // A refused request is logged as any other.
    expect(await proxy.untilLogged('status=403')).toContain('path=/metrics');
  });

  it('are kept from the clients of a proxy that is not known, and of a known one from those that may not ask', async () => {
    const { proxy, yaml } = await gateway();
    for (const header of ['X-Forwarded-For', 'X-Real-IP'])
      expect(await statusFrom('127.0.0.1', proxy, { [header]: '127.0.0.1' }), header).toBe(403);
    expect(await statusFrom('127.0.0.1', proxy, { Forwarded: 'for=127.0.0.1' })).toBe(403);
    await proxy.change(`${yaml}http: { trusted_proxies: [127.0.0.1] }\n`);
    expect(await statusFrom('127.0.0.1', proxy)).toBe(200);
    expect(await statusFrom('127.0.0.1', proxy, { 'X-Forwarded-For': '10.1.2.3' })).toBe(200);
    expect(await statusFrom('127.0.0.1', proxy, { 'X-Forwarded-For': '10.1.2.3, 192.0.2.1' })).toBe(403);
  });

  it.each([
    { Via: '1.1 somewhere' },
    { 'CDN-Loop': 'somewhere' },
    { 'X-Forwarded-For': 'unknown' },
    { 'X-Forwarded-For': '' },
    { 'X-Forwarded-For': 'unknown, 127.0.0.1' },
    { Forwarded: 'for=_hidden' },
    { Forwarded: 'proto=https' },
    { 'X-Real-IP': '192.0.2.1' },
    { 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=192.0.2.1' },
    { 'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '192.0.2.1' },
  ])(
    'are kept from whoever a known proxy does not name, or names otherwise elsewhere: %j',
    async (headers) => {
      const { proxy } = await gateway('http: { trusted_proxies: [127.0.0.1] }');
      expect(await statusFrom('127.0.0.1', proxy, headers)).toBe(403);
    },
  );

  it.each([
    { 'X-Forwarded-For': '::ffff:127.0.0.1' },
    { Forwarded: 'for="[::1]:4711";proto=https' },
    { 'X-Real-IP': '10.1.2.3' },
    { 'X-Forwarded-For': '10.1.2.3, 127.0.0.1', 'X-Real-IP': '10.1.2.3', Via: '1.1 somewhere' },
  ])('are for whom a known proxy names as one that may ask: %j', async (headers) => {
    const { proxy } = await gateway('http: { trusted_proxies: [127.0.0.1] }');
    expect(await statusFrom('127.0.0.1', proxy, headers)).toBe(200);
  });

  it('are explained', async () => {
    const { proxy } = await gateway("admin: { listen: '127.0.0.1:0' }");
    const explained = async (path: string, from: string): Promise<string> => {
      const body = JSON.stringify({ url: `http://a${path}`, from });
      return (await fetch(`http://${proxy.adminAddress}/explain`, { method: 'POST', body })).text();
    };
    expect(await explained('/metrics', '10.0.0.1')).toContain(
      'the metrics, which this listener serves itself',
    );
    expect(await explained('/metrics', '192.0.2.1')).toContain('the metrics are not for this client');
    expect(await explained('/health', '192.0.2.1')).toContain("the listener's own health_endpoint");
  });

  it('come and go with edits of metrics.listener, and the listener stays as it is', async () => {
    const server = await backend(answering(() => ok('served')));
    const yaml = `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\n`;
    const proxy = await labProxy(`${yaml}metrics: { listen: '127.0.0.1:0' }`);
    const socket = await client(proxy.address());
    expect((await get(socket, '/metrics')).body).toBe('served');
    await proxy.change(`${yaml}metrics: { listener: default }`);
    expect(proxy.app.adminAddresses).toEqual([]);
    expect((await get(socket, '/metrics')).body).toContain(
      `balance_requests_total{backend="${server.address}",method="GET",status="200"} 1\n`,
    );
    await proxy.change(yaml);
    expect((await get(socket, '/metrics')).body).toBe('served');
  });
});

it('metrics on an address of their own are kept to those in metrics.allow, too', async () => {
  const server = await backend(answering(() => ok('served')));
  const yaml = `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\n`;
  const proxy = await labProxy(`${yaml}metrics: { listen: '127.0.0.1:0', allow: [10.0.0.0/8] }`);
  const status = async (headers = {}): Promise<number> =>
    (await fetch(`http://${proxy.adminAddress}/metrics`, { headers })).status;
  expect(await status()).toBe(403);
  await proxy.change(`${yaml}metrics: { listen: '127.0.0.1:0', allow: [127.0.0.1] }`);
  expect(await status()).toBe(200);
  expect(await status({ 'X-Forwarded-For': '127.0.0.1' })).toBe(403);
  expect(await status({ Via: '1.1 somewhere' })).toBe(403);
});
