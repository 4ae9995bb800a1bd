import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AdminError } from '../../../../src/admin/endpoint/admin-error.ts';
import { jsonResponse } from '../../../../src/admin/endpoint/admin-response.ts';
import { get, post, type AdminRoute } from '../../../../src/admin/endpoint/admin-router.ts';
import { AdminServer } from '../../../../src/admin/server/admin-server.ts';
import {
  healthEndpoint,
  liveEndpoint,
  metricsEndpoint,
  readyEndpoint,
  versionEndpoint,
} from '../../../../src/admin/routes/probe-routes.ts';
import type { LogFields, Logger } from '../../../../src/plugin-api/logger.ts';

const logged: string[] = [];
const remember = (message: string, fields?: LogFields): void => {
  logged.push(`${message} ${JSON.stringify(fields)}`);
};
const logger: Logger = {
  debugEnabled: false,
  debug: remember,
  info: remember,
  warn: remember,
  error: remember,
  child: () => logger,
};

let servers: AdminServer[] = [];

afterEach(async () => {
  for (const server of servers) server.destroy();
  servers = [];
  logged.length = 0;
});

async function start(
  routes: readonly AdminRoute[],
  listen = '127.0.0.1:0',
): Promise<{ server: AdminServer; address: string }> {
  const server = new AdminServer({ listen, routes, logger });
  servers.push(server);
  return { server, address: await server.listen() };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(address: string, path: string, method = 'GET', agent?: Agent, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(/:(?=\d+$)/);
    const outgoing = request(
      { host: host!, port: port!, path, method, ...(agent && { agent }) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body ?? (method === 'POST' ? 'x'.repeat(100_000) : undefined));
  });
}

describe('the admin server', () => {
  it('answers with what its routes say, query or not', async () => {
    const { address } = await start([get('/x', () => jsonResponse(200, { a: 1 }))]);
    const answer = await ask(address, '/x?y=1');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(answer.body)).toEqual({ a: 1 });
  });

  it('answers HEAD with the same head', async () => {
    const { address } = await start([get('/x', () => jsonResponse(200, { a: 1 }))]);
    const [shown, head] = [await ask(address, '/x'), await ask(address, '/x', 'HEAD')];
    expect(head.body).toBe('');
    expect(head.headers['content-length']).toBe(shown.headers['content-length']);
  });

  it('lists its endpoints where there is none', async () => {
    const { address } = await start([get('/x', liveEndpoint()), get('/y', liveEndpoint())]);
    const answer = await ask(address, '/nothing');
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'not_found', endpoints: ['/x', '/y'] });
    expect((await ask(address, '/constructor')).status).toBe(404);
  });

  it('refuses methods that could change something, body and all', async () => {
    const { address } = await start([get('/x', liveEndpoint())]);
    const agent = new Agent({ keepAlive: true });
    const answer = await ask(address, '/x', 'POST', agent);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS');
    expect((await ask(address, '/x', 'GET', agent)).status).toBe(200);
    agent.destroy();
  });

  it('survives a route that throws', async () => {
    const { address } = await start([
      get('/sync', () => {
        throw new Error('broken');
      }),
      get('/async', () => Promise.reject(new Error('broken later'))),
    ]);
    expect(await ask(address, '/sync')).toMatchObject({ status: 500 });
    const told = JSON.parse((await ask(address, '/async')).body) as { error: string; id: string };
    expect(told.error).toBe('internal');
    expect(logged).toHaveLength(2);
    expect(logged[1]).toContain(told.id);
    expect(logged[1]).toContain('broken later');
  });

  it('changes its routes while it runs', async () => {
    const { server, address } = await start([get('/old', liveEndpoint())]);
    server.configure({ routes: [get('/new', liveEndpoint())] });
    expect((await ask(address, '/old')).status).toBe(404);
    expect((await ask(address, '/new')).status).toBe(200);
  });

  it('says clearly that its address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const server = new AdminServer({ listen, routes: [], logger });
    await expect(server.listen()).rejects.toMatchObject({
      code: 'address_in_use',
      origin: 'config',
      message: expect.stringContaining(
        `admin server can't bind ${listen}: the address is in use: end what listens there`,
      ) as string,
    });
    other.close();
  });

  it('says clearly that an address is not ours', async () => {
    const server = new AdminServer({ listen: '192.0.2.1:0', routes: [], logger });
    await expect(server.listen()).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('gives a body to who takes one', async () => {
    const { address } = await start([
      post('/sum', (request) => {
        const { a, b } = request.json() as { a: number; b: number };
        return jsonResponse(200, { sum: a + b, shown: request.query.get('as') });
      }),
    ]);
    const answer = await ask(address, '/sum?as=x', 'POST', undefined, '{"a":1,"b":2}');
    expect(JSON.parse(answer.body)).toEqual({ sum: 3, shown: 'x' });
    expect(await ask(address, '/sum', 'POST', undefined, '{"a":')).toMatchObject({ status: 400 });
    const get405 = await ask(address, '/sum');
    expect(get405).toMatchObject({ status: 405, headers: { allow: 'POST, OPTIONS' } });
  });

  it('refuses a body over its limit and goes on with the connection', async () => {
    const { address } = await start([
      post('/x', (request) => jsonResponse(200, request.body.length), { maxBodyBytes: 10 }),
    ]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(address, '/x', 'POST', agent, 'x'.repeat(11))).toMatchObject({ status: 413 });
    expect(await ask(address, '/x', 'POST', agent, 'x'.repeat(10))).toMatchObject({
      status: 200,
      body: '10\n',
    });
    agent.destroy();
  });

  it('tells the error that an endpoint means, and logs nothing', async () => {
    const { address } = await start([
      post('/x', () => {
        throw new AdminError(422, 'refused', 'not like this', { problems: ['a'] });
      }),
    ]);
    const answer = await ask(address, '/x', 'POST');
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body)).toEqual({ error: 'refused', message: 'not like this', problems: ['a'] });
    expect(logged).toEqual([]);
  });

  it('says what a path takes, without letting other origins in', async () => {
    const { address } = await start([get('/x', liveEndpoint()), post('/x', liveEndpoint())]);
    const answer = await ask(address, '/x', 'OPTIONS');
    expect(answer).toMatchObject({ status: 204, headers: { allow: 'GET, POST, HEAD, OPTIONS' } });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await ask(address, '/y', 'OPTIONS')).status).toBe(404);
  });

  it('sends a long answer in pieces', async () => {
    const { address } = await start([
      post('/x', () => ({
        status: 200,
        contentType: 'text/plain',
        body: Readable.from(['a'.repeat(100_000), 'b']),
      })),
    ]);
    const answer = await ask(address, '/x', 'POST');
    expect(answer.body).toBe(`${'a'.repeat(100_000)}b`);
  });

  it('gives up on an endpoint that takes too long, and tells it', async () => {
    let told: Promise<unknown> | undefined;
    const { address } = await start([
      post(
        '/x',
        (request) => {
          told = once(request.signal, 'abort');
          return new Promise(() => undefined);
        },
        { timeoutMs: 10 },
      ),
    ]);
    expect(await ask(address, '/x', 'POST')).toMatchObject({ status: 503 });
    await told;
  });

  it('closes gracefully: what runs is answered, idle connections end', async () => {
    let answer: (() => void) | undefined;
    let asked: (() => void) | undefined;
    const running = new Promise<void>((resolve) => (asked = resolve));
    const { server, address } = await start([
      get(
        '/slow',
        () =>
          new Promise((resolve) => {
            answer = () => resolve(jsonResponse(200, 'done'));
            asked?.();
          }),
      ),
      get('/x', liveEndpoint()),
    ]);
    const agent = new Agent({ keepAlive: true });
    await ask(address, '/x', 'GET', agent);
    const slow = ask(address, '/slow');
    await running;
    const closed = server.close();
    await expect(ask(address, '/x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    answer?.();
    expect((await slow).body).toBe('"done"\n');
    await closed;
    agent.destroy();
  });

  it('is destroyed at once, whatever runs', async () => {
    let asked: (() => void) | undefined;
    const running = new Promise<void>((resolve) => (asked = resolve));
    const { server, address } = await start([
      get('/never', () => {
        asked?.();
        return new Promise(() => undefined);
      }),
    ]);
    const answer = ask(address, '/never');
    const failed = expect(answer).rejects.toThrow();
    await running;
    server.destroy();
    await failed;
  });
});

describe('the endpoints', () => {
  it('show health as the report has it', async () => {
    const body = '{"status":"unhealthy","uptime":"1s","backends":{}}';
    const { address } = await start([
      get(
        '/health',
        healthEndpoint(async () => ({ status: 503, body })),
      ),
    ]);
    expect(await ask(address, '/health')).toMatchObject({ status: 503, body });
  });

  it('tell liveness from readiness', async () => {
    let ready = false;
    const { address } = await start([
      get('/live', liveEndpoint()),
      get(
        '/ready',
        readyEndpoint(() => ready),
      ),
    ]);
    expect((await ask(address, '/live')).status).toBe(200);
    expect((await ask(address, '/ready')).status).toBe(503);
    ready = true;
    expect((await ask(address, '/ready')).status).toBe(200);
  });

  it('show the version', async () => {
    const { address } = await start([get('/version', versionEndpoint('1.2.3'))]);
    expect(JSON.parse((await ask(address, '/version')).body)).toMatchObject({
      version: '1.2.3',
      node: process.versions.node,
    });
  });

  it('show metrics with their content type', async () => {
    const { address } = await start([
      get(
        '/metrics',
        metricsEndpoint({
          page: async ({ accept }) => ({
            contentType: 'text/plain; version=0.0.4',
            headers: { Vary: 'Accept' },
            body: Buffer.from(`accepts ${accept}\n`),
          }),
        }),
      ),
    ]);
    const answer = await fetch(`http://${address}/metrics`, { headers: { Accept: 'text/plain' } });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain; version=0.0.4',
      vary: 'Accept',
      'content-length': '19',
    });
    expect(await answer.text()).toBe('accepts text/plain\n');
    expect(await (await fetch(`http://${address}/metrics`, { method: 'HEAD' })).text()).toBe('');
  });
});
