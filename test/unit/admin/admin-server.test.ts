import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdminServer, jsonResponse } from '../../../src/admin/admin-server.ts';
import type { AdminRoutes, AdminServer } from '../../../src/admin/admin-server.ts';
import {
  healthEndpoint,
  liveEndpoint,
  metricsEndpoint,
  readyEndpoint,
  statusEndpoint,
  versionEndpoint,
} from '../../../src/admin/endpoints.ts';
import type { LogFields, Logger } from '../../../src/plugin-api/logger.ts';

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
  routes: AdminRoutes,
  listen = '127.0.0.1:0',
): Promise<{ server: AdminServer; address: string }> {
  const server = createAdminServer({ listen, routes, logger });
  servers.push(server);
  return { server, address: await server.listen() };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(address: string, path: string, method = 'GET', agent?: Agent): Promise<Answer> {
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
    outgoing.end(method === 'POST' ? 'x'.repeat(100_000) : undefined);
  });
}

describe('the admin server', () => {
  it('answers with what its routes say, query or not', async () => {
    const { address } = await start({ '/x': () => jsonResponse(200, { a: 1 }) });
    const answer = await ask(address, '/x?y=1');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(answer.body)).toEqual({ a: 1 });
  });

  it('answers HEAD with the same head', async () => {
    const { address } = await start({ '/x': () => jsonResponse(200, { a: 1 }) });
    const [get, head] = [await ask(address, '/x'), await ask(address, '/x', 'HEAD')];
    expect(head.body).toBe('');
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  it('lists its endpoints where there is none', async () => {
    const { address } = await start({ '/x': liveEndpoint(), '/y': liveEndpoint() });
    const answer = await ask(address, '/nothing');
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ error: 'not found', endpoints: ['/x', '/y'] });
    expect((await ask(address, '/constructor')).status).toBe(404);
  });

  it('refuses methods that could change something, body and all', async () => {
    const { address } = await start({ '/x': liveEndpoint() });
    const agent = new Agent({ keepAlive: true });
    const answer = await ask(address, '/x', 'POST', agent);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
    expect((await ask(address, '/x', 'GET', agent)).status).toBe(200);
    agent.destroy();
  });

  it('survives a route that throws', async () => {
    const { address } = await start({
      '/sync': () => {
        throw new Error('broken');
      },
      '/async': () => Promise.reject(new Error('broken later')),
    });
    expect(await ask(address, '/sync')).toMatchObject({ status: 500 });
    expect(JSON.parse((await ask(address, '/async')).body)).toEqual({ error: 'broken later' });
    expect(logged).toHaveLength(2);
  });

  it('changes its routes while it runs', async () => {
    const { server, address } = await start({ '/old': liveEndpoint() });
    server.setRoutes({ '/new': liveEndpoint() });
    expect((await ask(address, '/old')).status).toBe(404);
    expect((await ask(address, '/new')).status).toBe(200);
  });

  it('says clearly that its address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const server = createAdminServer({ listen, routes: {}, logger });
    await expect(server.listen()).rejects.toMatchObject({
      code: 'address_in_use',
      origin: 'config',
      message: `admin server: ${listen} is already in use`,
    });
    other.close();
  });

  it('says clearly that an address is not ours', async () => {
    const server = createAdminServer({ listen: '192.0.2.1:0', routes: {}, logger });
    await expect(server.listen()).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('closes gracefully: what runs is answered, idle connections end', async () => {
    let answer: (() => void) | undefined;
    let asked: (() => void) | undefined;
    const running = new Promise<void>((resolve) => (asked = resolve));
    const { server, address } = await start({
      '/slow': () =>
        new Promise((resolve) => {
          answer = () => resolve(jsonResponse(200, 'done'));
          asked?.();
        }),
      '/x': liveEndpoint(),
    });
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
    const { server, address } = await start({
      '/never': () => {
        asked?.();
        return new Promise(() => undefined);
      },
    });
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
    const { address } = await start({ '/health': healthEndpoint(() => ({ status: 503, body })) });
    expect(await ask(address, '/health')).toMatchObject({ status: 503, body });
  });

  it('tell liveness from readiness', async () => {
    let ready = false;
    const { address } = await start({ '/live': liveEndpoint(), '/ready': readyEndpoint(() => ready) });
    expect((await ask(address, '/live')).status).toBe(200);
    expect((await ask(address, '/ready')).status).toBe(503);
    ready = true;
    expect((await ask(address, '/ready')).status).toBe(200);
  });

  it('show version and status', async () => {
    const { address } = await start({
      '/version': versionEndpoint('1.2.3'),
      '/status': statusEndpoint(
        () => ({ version: '1.2.3', startedAtMs: 1000, generation: 4, listeners: [{ name: 'web' }] }),
        () => 61_000,
      ),
    });
    expect(JSON.parse((await ask(address, '/version')).body)).toMatchObject({
      version: '1.2.3',
      node: process.versions.node,
    });
    expect(JSON.parse((await ask(address, '/status')).body)).toMatchObject({
      version: '1.2.3',
      started_at: '1970-01-01T00:00:01.000Z',
      uptime_seconds: 60,
      generation: 4,
      pid: process.pid,
      memory: { rss_bytes: expect.any(Number) as number },
      listeners: [{ name: 'web' }],
    });
  });

  it('show metrics with their content type', async () => {
    const { address } = await start({
      '/metrics': metricsEndpoint({ contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' }),
    });
    const answer = await ask(address, '/metrics');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4');
    expect(answer.body).toBe('up 1\n');
  });
});
