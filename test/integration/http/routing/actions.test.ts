import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';

const ROUTES = `
        - { name: old, hosts: [old.test, '*.old.test'], redirect: { to: 'https://new.test\${path}', status: 308 } }
        - { name: found, paths: [{ exact: /found }], redirect: { to: /place } }
        - { name: bare, paths: [{ exact: /bare }], redirect: { to: '/place?a=1#end', strip_query: true } }
        - { name: merged, paths: [{ exact: /merged }], redirect: { to: '/place?a=1#end' } }
        - { name: rest, paths: [{ prefix: /rest }], redirect: { to: '/new\${path_rest}' } }
        - { name: open, paths: [{ prefix: /open }], redirect: { to: '\${path_rest}' } }
        - { name: same, hosts: [same.test], redirect: { to: '\${path}' } }
        - { name: uri, hosts: [uri.test], redirect: { to: '\${scheme}://\${host}\${uri}' } }
        - { name: anyhost, paths: [/anyhost], redirect: { to: 'https://\${host}\${path}' } }
        - { name: gone, paths: [{ exact: /gone }], respond: { status: 410, body: 'gone for good', headers: { X-Route: '\${route}' } } }
        - { name: empty, paths: [{ exact: /empty }], respond: { status: 204 } }
        - { name: page, paths: [{ exact: /page }], respond: { body: '<p>here</p>', content_type: text/html } }
        - { name: json, paths: [{ exact: /json }], respond: { body: '{}', headers: { content-type: application/json } } }
        - { name: closed, paths: [{ exact: /closed }], respond: { status: 403, headers: { X-Why: closed } } }
        - { name: form, paths: [{ prefix: /form }], methods: [POST, PUT], upstream: one }
        - { name: php, paths: [{ suffix: .php }, { regex: '^/v[0-9]+/x$' }], upstream: two }
        - { name: debug, paths: [/h], headers: { X-Debug: { present: true }, X-Kind: { regex: '^a+$' } }, upstream: one }
        - { name: plain, paths: [/h], headers: { X-Debug: { absent: true } }, upstream: two }
        - { name: preview, paths: [/q], query: { preview: '1', token: { present: true } }, upstream: one }
        - { name: inside, paths: [/net], client_ip: [10.0.0.0/8], upstream: one }
        - { name: others, paths: [/net], not: { client_ip: [10.0.0.0/8, 192.0.2.0/24] }, upstream: two }
        - { name: sides, paths: [/split], split: [{ upstream: one }, { upstream: two }], split_cookie_name: side }
        - { name: off, paths: [/off], split: [{ upstream: one, weight: 0 }, { upstream: two }] }
`;

describe('the actions of routes', () => {
  let proxy: RunningProxy;
  const backends: RecordingBackend[] = [];

  beforeAll(async () => {
    const upstreams: string[] = [];
    for (const name of ['one', 'two']) {
      const backend = await RecordingBackend.start(answering(() => ok(name)));
      backends.push(backend);
      upstreams.push(`  - { name: ${name}, backends: [{ name: ${name}, address: "${backend.address}" }] }`);
    }
    proxy = await startProxy(
      `
listeners:
  - name: all
    listen: "127.0.0.1:0"
    upstream: one
    http:
      default: 404
      trusted_proxies: [127.0.0.1]
      routes:${ROUTES}
upstreams:
${upstreams.join('\n')}
`,
    );
  });
  afterAll(async () => {
    await proxy.close();
    for (const backend of backends) await backend.close();
  });

  const send = async (text: string, bodiless = false): Promise<Message> => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(text);
    return readMessage(client, { noBody: bodiless });
  };
  const get = (host: string, target: string, lines = ''): Promise<Message> =>
    send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`);
  const location = async (host: string, target: string): Promise<string> =>
    fieldValues(await get(host, target), 'location').join();
  const served = async (host: string, target: string, lines = ''): Promise<string> => {
    const message = await get(host, target, lines);
    return statusOf(message) === 200 ? message.body.toString() : String(statusOf(message));
  };

  it.each([
    ['old.test', '/a/b?q=1', 'https://new.test/a/b?q=1'],
    ['OLD.test.:8080', '/', 'https://new.test/'],
    ['deep.www.old.test', '//evil.test/%2e%2e', 'https://new.test//evil.test/%2e%2e'],
    ['any.test', '/found?q=1', '/place?q=1'],
    ['any.test', '/bare?q=1', '/place?a=1#end'],
    ['any.test', '/merged?q=1', '/place?a=1&q=1#end'],
    ['any.test', '/rest/a/b', '/new/a/b'],
    ['any.test', '/rest', '/new'],
    ['any.test', '/open//evil.test', '/evil.test'],
    ['any.test', '/open', '/'],
    ['any.test', '/open?q=1', '/?q=1'],
    ['same.test', '//evil.test/x', '/evil.test/x'],
    ['same.test', '/\\evil.test/x', '/evil.test/x'],
    ['uri.test:81', '/a?b=c', 'http://uri.test:81/a?b=c'],
    ['any.test', 'http://old.test/abs?x', 'https://new.test/abs?x'],
  ])('redirect %s %s to %s', async (host, target, place) => {
    expect(await location(host, target)).toBe(place);
  });

  it('redirect with the status of the config, 302 by default, and keep the connection', async () => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send('POST /x HTTP/1.1\r\nHost: old.test\r\nContent-Length: 0\r\n\r\n');
    expect(statusOf(await readMessage(client))).toBe(308);
    client.send('GET /found HTTP/1.1\r\nHost: a.test\r\n\r\nGET /gone HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(statusOf(await readMessage(client))).toBe(302);
    expect(statusOf(await readMessage(client))).toBe(410);
  });

  it.each([
    ['of a known length', `Content-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`],
    ['in chunks', `Transfer-Encoding: chunked\r\n\r\n493e0\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`],
  ])(
    'answer before a body %s is read, and then close the connection without losing the answer',
    async (_, body) => {
      const client = owned(await ByteSocket.connect(proxy.address()));
      client.send(`POST /found HTTP/1.1\r\nHost: a.test\r\n${body}`);
      const message = await readMessage(client);
      expect([statusOf(message), ...fieldValues(message, 'connection')]).toEqual([302, 'close']);
      expect(await client.untilEnded()).toBe('end');
    },
  );

  it('answer HTTP/1.0 clients, and refuse to build a URL without a host', async () => {
    const found = await send('GET /found HTTP/1.0\r\n\r\n');
    expect([statusOf(found), ...fieldValues(found, 'location')]).toEqual([302, '/place']);
    expect(statusOf(await send('GET /anyhost//evil.test HTTP/1.0\r\n\r\n'))).toBe(400);
  });

  it('respond with text, files and bare statuses', async () => {
    const gone = await get('a.test', '/gone');
    expect([statusOf(gone), gone.body.toString(), ...fieldValues(gone, 'x-route')]).toEqual([
      410,
      'gone for good',
      'gone',
    ]);
    const empty = await get('a.test', '/empty');
    expect([statusOf(empty), fieldValues(empty, 'content-length')]).toEqual([204, []]);
    const page = await get('a.test', '/page');
    expect([page.body.toString(), ...fieldValues(page, 'content-type')]).toEqual([
      '<p>here</p>',
      'text/html',
    ]);
    const json = await get('a.test', '/json');
    expect(fieldValues(json, 'content-type')).toEqual(['application/json']);
    const closed = await get('a.test', '/closed');
    expect([statusOf(closed), ...fieldValues(closed, 'x-why')]).toEqual([403, 'closed']);
    expect(closed.body.toString()).toContain('403 Forbidden');
  });

  it('leave what no route takes to the default', async () => {
    expect(await served('a.test', '/unknown')).toBe('404');
  });

  it('take methods, suffixes and regular expressions', async () => {
    expect(await served('a.test', '/form')).toBe('404');
    expect((await send('POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')).body.toString()).toBe(
      'one',
    );
    expect(await served('a.test', '/x/index.php?a')).toBe('two');
    expect(await served('a.test', '/v12/x')).toBe('two');
    expect(await served('a.test', '/%76%31/x')).toBe('two');
    expect(await served('a.test', '/v12/x/y')).toBe('404');
  });

  it('take headers, queries and clients', async () => {
    expect(await served('a.test', '/h', 'X-Debug: 1\r\nX-Kind: aaa\r\n')).toBe('one');
    expect(await served('a.test', '/h', 'X-Debug: 1\r\nX-Kind: aab\r\n')).toBe('404');
    expect(await served('a.test', '/h')).toBe('two');
    expect(await served('a.test', '/q?preview=%31&token=')).toBe('one');
    expect(await served('a.test', '/q?preview=1')).toBe('404');
    expect(await served('a.test', '/net', 'X-Forwarded-For: 10.1.2.3\r\n')).toBe('one');
    expect(await served('a.test', '/net', 'X-Forwarded-For: 192.0.2.1\r\n')).toBe('404');
    expect(await served('a.test', '/net', 'X-Forwarded-For: 198.51.100.1\r\n')).toBe('two');
  });

  it('keep a client at its side of a split by a cookie that no backend gets', async () => {
    const first = await get('a.test', '/split');
    const [cookie = ''] = fieldValues(first, 'set-cookie');
    expect(cookie).toMatch(/^side=[0-9a-f]{12}; Path=\/; HttpOnly; SameSite=Lax$/);
    const pair = cookie.split(';')[0] ?? '';
    for (let round = 0; round < 8; round++) {
      const next = await get('a.test', '/split', `Cookie: a=b; ${pair}\r\n`);
      expect(next.body.toString()).toBe(first.body.toString());
      expect(fieldValues(next, 'set-cookie')).toEqual([]);
    }
    for (let round = 0; round < 4; round++) {
      const both = await get('a.test', '/split', `Cookie: side=old; ${pair}\r\n`);
      expect(both.body.toString()).toBe(first.body.toString());
      expect(fieldValues(both, 'set-cookie')).toEqual([]);
    }
    expect(fieldValues(await get('a.test', '/split', 'Cookie: side=unknown\r\n'), 'set-cookie')).toHaveLength(
      1,
    );
    expect(await served('a.test', '/off')).toBe('two');
  });

  it('answer HEAD with the head alone', async () => {
    const head = await send('HEAD /gone HTTP/1.1\r\nHost: a\r\n\r\n', true);
    expect([statusOf(head), ...fieldValues(head, 'content-length')]).toEqual([410, '13']);
  });

  it('answer with a file, and follow its edits', async () => {
    const { app, configFile } = proxy;
    const file = configFile.replace('balance.yaml', 'page.html');
    const config = await readFile(configFile, 'utf8');
    await writeFile(file, '<p>a file</p>');
    await writeFile(
      configFile,
      config.replace("{ body: '<p>here</p>', content_type: text/html }", '{ file: page.html }'),
    );
    expect(await app.reload()).toMatchObject({ ok: true });
    const page = await get('a.test', '/page');
    expect([page.body.toString(), ...fieldValues(page, 'content-type')]).toEqual([
      '<p>a file</p>',
      'text/html; charset=utf-8',
    ]);
    await writeFile(file, '<p>edited</p>');
    expect(await app.reload()).toMatchObject({ ok: true });
    expect(await served('a.test', '/page')).toBe('<p>edited</p>');
  });
});
