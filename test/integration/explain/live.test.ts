import { describe, expect, it } from 'vitest';

import type { Explanation } from '../../../src/runtime/explain/explanation.ts';
import { askAdmin, type AdminAnswer } from '../../support/peers/admin-client.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { ECHO_PLUGIN } from '../../support/labs/echo-plugin.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\nreload: { watch: false }\n`;

function ask(proxy: LabProxy, question: object): Promise<AdminAnswer> {
  return askAdmin(proxy.adminAddress, '/explain', { method: 'POST', body: JSON.stringify(question) });
}

async function explained(proxy: LabProxy, question: object): Promise<Explanation> {
  const answer = await ask(proxy, question);
  expect(answer.status, answer.body).toBe(200);
  return answer.json() as Explanation;
}

describe('an explanation by a running proxy', () => {
  it('says which backends are no candidates, and why', async () => {
    const [one, busy] = [await backend(named('one')), await backend()];
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
health_check: { type: tcp, interval: 1h, timeout: 1s }
backends:
  - { name: one, address: '${one.address}' }
  - { name: busy, address: '${busy.address}', max_connections: 1, weight: 5 }
  - { name: dead, address: '${await deadAddress()}' }
  - { name: resting, address: '${one.address}', weight: 0 }
load_balancer: { algorithm: weighted-round-robin }
${ADMIN}`);
    await proxy.untilLogged('backend is unhealthy');
    const hung = await client(proxy.address());
    hung.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await (await busy.connection(1)).untilText('/slow');
    const { upstream, live, generation } = await explained(proxy, { url: '/' });
    expect([live, generation]).toEqual([true, 1]);
    expect(upstream).toMatchObject({ name: 'default', picked: 'one', reason: 'the only candidate' });
    expect(upstream?.backends).toEqual([
      expect.objectContaining({ name: 'one', candidate: true, health: 'healthy', active: 0 }),
      expect.objectContaining({
        name: 'busy',
        candidate: false,
        reason: 'at its limit of 1 connections',
        active: 1,
        max_connections: 1,
      }),
      expect.objectContaining({
        name: 'dead',
        candidate: false,
        health: 'unhealthy',
        reason: expect.stringContaining('unhealthy: ') as string,
      }),
      expect.objectContaining({ name: 'resting', candidate: false, reason: 'its weight is 0' }),
    ]);
  });

  it('touches nothing: no backend, no turn, no count, no log line', async () => {
    const one = await backend(named('one'));
    const two = await backend(named('two'));
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
backends: [{ name: one, address: '${one.address}' }, { name: two, address: '${two.address}' }]
${ADMIN}`);
    for (let asked = 0; asked < 3; asked++) {
      expect((await explained(proxy, { url: '/' })).upstream?.picked).toBe('one');
    }
    await explained(proxy, { method: 'HEAD', url: '/' });
    await explained(proxy, { url: '/', headers: { Host: 'two hosts' } });
    expect(one.connections.length + two.connections.length).toBe(0);
    const { body } = await askAdmin(proxy.adminAddress, '/metrics');
    expect(body).not.toMatch(/^balance_requests_total.* [1-9]/m);
    expect(await proxy.log()).not.toContain('GET');
    const socket = await client(proxy.address());
    expect((await get(socket)).body).toBe('one');
    expect((await explained(proxy, { url: '/' })).upstream?.picked).toBe('two');
    expect((await get(socket)).body).toBe('two');
  });

  it('shows no secret of the config, nor of the request', async () => {
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
backends: [{ name: a, address: '127.0.0.1:1' }]
http:
  routes: [{ path: /x, headers: { X-Api-Key: open-sesame }, backends: [a] }]
transform:
  request_headers: [{ action: set, name: Authorization, value: Bearer hunter2 }]
  response_headers: [{ action: set, name: X-Auth-Token, value: swordfish }]
${ADMIN}`);
    const headers = { Cookie: 'session=crumbs', 'X-Api-Key': 'wrong' };
    const { body } = await ask(proxy, { url: '/x', headers });
    expect(body).toContain('***');
    expect(body).not.toMatch(/open-sesame|hunter2|swordfish|crumbs|wrong/);
  });

  it('explains connections of listeners that know no requests', async () => {
    const far = await backend(echoing('far'));
    const proxy = await labProxy(
      `
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: two }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: two }
  - { name: echo, listen: '127.0.0.1:0', mode: echo, upstream: two }
upstreams:
  - name: two
    load_balancer: { algorithm: maglev }
    backends: [{ name: a, address: '${far.address}' }, { name: b, address: 'localhost:${String(far.port)}' }]
plugins: { directory: . }
${ADMIN}`,
      { 'echo.mjs': ECHO_PLUGIN },
    );
    const raw = await explained(proxy, { listener: 'raw', from: '192.0.2.9' });
    expect(raw.listener).toMatchObject({ name: 'raw', mode: 'tcp' });
    expect(raw.upstream).toMatchObject({
      name: 'two',
      hash_key: { from: 'source-ip', value: '192.0.2.9' },
      reason: 'the key leads to it',
    });
    const echo = await explained(proxy, { listener: 'echo' });
    expect(echo.upstream?.name).toBe('two');
    expect(echo.notes).toEqual(['the plugin echo does not explain what it does with a request']);
    const byPort = await explained(proxy, { url: `tcp://${proxy.address('raw')}` });
    expect(byPort.listener.name).toBe('raw');
  });

  it('says what the proxy would answer by itself', async () => {
    const proxy = await labProxy(`
listeners: [{ listen: '127.0.0.1:0', http: { health_endpoint: /health, routes: [{ path: /x, upstream: u }] } }]
upstreams: [{ name: u, backends: [] }]
${ADMIN}`);
    expect((await explained(proxy, { url: '/health' })).answer).toEqual({
      status: 200,
      reason: "the listener's own health_endpoint",
    });
    const lost = await explained(proxy, { url: '/y' });
    expect(lost.answer).toEqual({ status: 404, reason: 'no route matches' });
    expect(lost.routes).toEqual([
      {
        name: 'route-1',
        matches: false,
        conditions: [{ of: 'path', wanted: '/x', got: '/y', holds: false }],
      },
    ]);
    expect((await explained(proxy, { method: 'HEAD', url: '/y' })).answer).toEqual({
      status: 404,
      reason: 'no route',
    });
    expect((await explained(proxy, { method: 'CONNECT', url: '/y' })).answer?.status).toBe(405);
    expect((await explained(proxy, { url: '/x' })).upstream?.reason).toContain('the request is refused');
  });

  it.each([
    [{}, 'either url or listener must be given'],
    [[], 'must be a JSON object'],
    [{ url: '/', method: 'GET /' }, 'no HTTP method'],
    [{ url: '/', verb: 'GET' }, 'there is no key verb'],
    [{ url: '/', header: {} }, 'did you mean "headers"?'],
    [{ url: '/', headers: [['a']] }, 'headers must be an object'],
    [{ url: '/', headers: { a: 1 } }, 'headers must be an object'],
    [{ url: '/', headers: { a: 'b\r\nc: d' } }, 'line break'],
    [{ url: '/', from: 'here' }, 'no IP address'],
    [{ url: 7 }, 'url must be text'],
    [{ url: 'nonsense' }, 'is no URL'],
    [{ url: '/', listener: 'wbe' }, 'did you mean "web"?'],
    [{ url: 'http://a:9/' }, 'no listener has port 9; name one of them: web ('],
  ])('refuses %j', async (question, reason) => {
    const proxy = await labProxy(`
listeners: [{ name: web, listen: '127.0.0.1:0', upstream: u }, { name: other, listen: '127.0.0.1:0', upstream: u }]
upstreams: [{ name: u, backends: [{ address: '127.0.0.1:1' }] }]
${ADMIN}`);
    const answer = await ask(proxy, question);
    expect([answer.status, (answer.json() as { error: string }).error]).toEqual([400, 'bad_question']);
    expect((answer.json() as { message: string }).message).toContain(reason);
  });
});
