import { beforeAll, afterAll, describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';

const UPSTREAMS = [
  'plain',
  'wild',
  'deep',
  'host',
  'host-path',
  'prefix',
  'longer',
  'exact',
  'beta',
  'urgent',
  'slash',
  'dotted',
];

describe('routes', () => {
  let proxy: RunningProxy;
  const backends: RecordingBackend[] = [];

  beforeAll(async () => {
    const upstreams: string[] = [];
    for (const name of UPSTREAMS) {
      const backend = await RecordingBackend.start(answering(() => ok(name)));
      backends.push(backend);
      upstreams.push(`  - { name: ${name}, backends: [{ name: ${name}, address: "${backend.address}" }] }`);
    }
    proxy = await startProxy(
      `
listeners:
  - name: all
    listen: "127.0.0.1:0"
    upstream: plain
    http: &http
      routes:
        - { host: "*.wild.test", upstream: wild }
        - { host: "*.deep.wild.test", upstream: deep }
        - { host: host.test, upstream: host }
        - { host: host.test, path_prefix: /path, upstream: host-path }
        - { path_prefix: /api, upstream: prefix }
        - { path_prefix: /api/v2, upstream: longer }
        - { path: /api/v2/exact, upstream: exact }
        - { path_prefix: /api, headers: { X-Beta: "yes", x-more: "1" }, upstream: beta }
        - { path_prefix: /api/v2/urgent, priority: 0, upstream: longer }
        - { path_prefix: /api/v, upstream: plain }
        - { path: /urgent, priority: -1, upstream: plain }
        - { path_prefix: /urgent, priority: 5, upstream: urgent }
        - { path_prefix: /slash/, upstream: slash }
        - { host: Dotted.test., upstream: dotted }
  - { name: closed, listen: "127.0.0.1:0", http: *http }
upstreams:
${upstreams.join('\n')}
`,
    );
  });
  afterAll(async () => {
    await proxy.close();
    for (const backend of backends) await backend.close();
  });

  const ask = async (host: string, target: string, lines = '', listener = 'all'): Promise<string> => {
    const client = owned(await ByteSocket.connect(proxy.address(listener)));
    client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`);
    const response = await readMessage(client);
    return statusOf(response) === 200 ? response.body.toString() : String(statusOf(response));
  };

  it.each([
    ['host.test', '/', 'host'],
    ['HOST.Test', '/', 'host'],
    ['host.test:8080', '/', 'host'],
    ['host.test.', '/', 'host'],
    ['HOST.test.:80', '/path', 'host-path'],
    ['host.test..', '/', 'plain'],
    ['dotted.test', '/', 'dotted'],
    ['dotted.test.:80', '/', 'dotted'],
    ['host.test', '/path', 'host-path'],
    ['host.test', '/path/below?x', 'host-path'],
    ['host.test', '/paths', 'host'],
    ['nohost.test', '/', 'plain'],
    ['sub.host.test', '/', 'plain'],
  ])('take an exact host: %s%s', async (host, target, upstream) => {
    expect(await ask(host, target)).toBe(upstream);
  });

  it.each([
    ['a.wild.test', 'wild'],
    ['a.b.wild.test', 'wild'],
    ['A.WILD.TEST:1', 'wild'],
    ['a.wild.test.', 'wild'],
    ['a.wild.test.:80', 'wild'],
    ['wild.test.', 'plain'],
    ['a.deep.wild.test', 'deep'],
    ['deep.wild.test', 'wild'],
    ['wild.test', 'plain'],
    ['notwild.test', 'plain'],
    ['.wild.test', 'plain'],
  ])('take a wildcard for the names below: %s', async (host, upstream) => {
    expect(await ask(host, '/')).toBe(upstream);
  });

  it.each([
    ['/api', 'prefix'],
    ['/api/', 'prefix'],
    ['/api?query', 'prefix'],
    ['/api/v1', 'prefix'],
    ['/apis', 'plain'],
    ['/API', 'plain'],
    ['/api/v2', 'longer'],
    ['/api/v2/x', 'longer'],
    ['/api/v20', 'prefix'],
    ['/api/v2/exact', 'exact'],
    ['/api/v2/exact?a=b', 'exact'],
    ['/api/v2/exact/', 'longer'],
    ['/slash/', 'slash'],
    ['/slash/x', 'slash'],
    ['/slash', 'plain'],
    ['/urgent', 'urgent'],
    ['/other/api', 'plain'],
  ])('take prefixes at the borders of segments, the more specific first: %s', async (target, upstream) => {
    expect(await ask('any.test', target)).toBe(upstream);
  });

  it('take headers, all of them and with exact values', async () => {
    expect(await ask('any.test', '/api', 'x-beta: yes\r\nX-More: 1\r\n')).toBe('beta');
    expect(await ask('any.test', '/api', 'x-beta: yes\r\n')).toBe('prefix');
    expect(await ask('any.test', '/api', 'x-beta: YES\r\nX-More: 1\r\n')).toBe('prefix');
    // Equal priority: the longer prefix goes before the headers.
    expect(await ask('any.test', '/api/v2', 'x-beta: yes\r\nX-More: 1\r\n')).toBe('longer');
  });

  it('leave what none takes to the upstream of the listener, or to a 404', async () => {
    expect(await ask('any.test', '/nowhere')).toBe('plain');
    expect(await ask('any.test', '/nowhere', '', 'closed')).toBe('404');
    expect(await ask('any.test', '/api', '', 'closed')).toBe('prefix');
  });
});

it('keep the connection after a 404', async () => {
  const backend = owned(await RecordingBackend.start(answering(() => ok())));
  const proxy = owned(
    await startProxy(`
listeners: [{ listen: "127.0.0.1:0", http: { routes: [{ path_prefix: /a, upstream: u }] } }]
upstreams: [{ name: u, backends: [{ address: "${backend.address}" }] }]
`),
  );
  const client = owned(await ByteSocket.connect(proxy.address()));
  client.send('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(statusOf(await readMessage(client))).toBe(404);
  client.send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(statusOf(await readMessage(client))).toBe(200);
});
