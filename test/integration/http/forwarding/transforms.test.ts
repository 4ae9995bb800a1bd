import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { fieldValues, readMessage, type Message } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { get, scene, type Scene } from '../scene.ts';

/** Sends a request through a proxy with that `transform:`; the request that the backend saw and the response that the client got. */
async function through(transform: string, request: string, response = ok()): Promise<[Message, Message]> {
  const stage = await scene({ yaml: `transform:\n${transform}`, respond: () => response });
  const got = await stage.exchange(request);
  return [stage.seen[0]!, got];
}

describe('request headers', () => {
  it('are added behind what the client sent, which stays', async () => {
    const [seen] = await through(
      '  request_headers: [{ action: add, name: X-Tag, value: two }, { action: add, name: X-Tag, value: three }]',
      get('/', 'X-Tag: one\r\n'),
    );
    expect(fieldValues(seen, 'x-tag')).toEqual(['one', 'two', 'three']);
  });

  it('are set in place of all that the client sent, in any casing', async () => {
    const [seen] = await through(
      '  request_headers: [{ action: set, name: X-Tag, value: mine }]',
      get('/', 'x-tag: one\r\nOther: 1\r\nX-TAG: two\r\n'),
    );
    expect(fieldValues(seen, 'x-tag')).toEqual(['mine']);
    expect(fieldValues(seen, 'other')).toEqual(['1']);
  });

  it('are removed, those of the proxy as well', async () => {
    const [seen] = await through(
      '  request_headers: [{ action: remove, name: X-Tag }, { action: remove, name: x-forwarded-for }, { action: remove, name: X-Request-ID }]',
      get('/', 'A: 1\r\nX-Tag: one\r\nx-tag:\r\nB: 2\r\n'),
    );
    expect(seen.lines.map((line) => line.split(':')[0]).sort()).toEqual(
      [
        'A',
        'B',
        'Host',
        'CDN-Loop',
        'X-Forwarded-Host',
        'X-Forwarded-Port',
        'X-Forwarded-Proto',
        'X-Real-IP',
      ].sort(),
    );
  });

  it('change in the order of the config', async () => {
    const [seen] = await through(
      '  request_headers: [{ action: add, name: A, value: "1" }, { action: remove, name: A }, { action: add, name: A, value: "2" }, { action: set, name: B, value: "3" }, { action: add, name: B, value: "4" }]',
      get('/', 'A: 0\r\nB: 0\r\n'),
    );
    expect(fieldValues(seen, 'a')).toEqual(['2']);
    expect(fieldValues(seen, 'b')).toEqual(['3', '4']);
  });

  it.each([
    ['origin', get('/')],
    ['absolute', 'GET http://other.test/ HTTP/1.1\r\nHost: example.test\r\n\r\n'],
    ['old', 'GET / HTTP/1.0\r\n\r\n'],
  ])('may set the one Host that a request has (%s form)', async (_form, request) => {
    const [seen] = await through(
      '  request_headers: [{ action: set, name: host, value: inner.test }]',
      request,
    );
    expect(fieldValues(seen, 'host')).toEqual(['inner.test']);
  });
});

describe('response headers', () => {
  it('are added, set and removed', async () => {
    const [, got] = await through(
      '  response_headers: [{ action: add, name: Set-Cookie, value: c=3 }, { action: set, name: Server, value: balance }, { action: remove, name: X-Internal }]',
      get(),
      ok(
        'x',
        'Set-Cookie: a=1\r\nX-Internal: secret\r\nserver: other\r\nSet-Cookie: b=2\r\nx-internal: secret\r\n',
      ),
    );
    expect(fieldValues(got, 'set-cookie')).toEqual(['a=1', 'b=2', 'c=3']);
    expect(fieldValues(got, 'server')).toEqual(['balance']);
    expect(fieldValues(got, 'x-internal')).toEqual([]);
    expect(got.body.toString()).toBe('x');
  });

  it('may take the request id away, and the date be set once', async () => {
    const edits =
      '  response_headers: [{ action: remove, name: X-Request-ID }, { action: set, name: Date, value: today }]';
    for (const response of [ok(), 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']) {
      const [, got] = await through(edits, get(), response);
      expect(fieldValues(got, 'x-request-id')).toEqual([]);
      expect(fieldValues(got, 'date')).toEqual(['today']);
    }
  });

  it('change on upgrades too', async () => {
    const [, got] = await through(
      '  response_headers: [{ action: set, name: X-Tag, value: "${route}." }]',
      get('/', 'Connection: upgrade\r\nUpgrade: test\r\n'),
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\nX-Tag: theirs\r\n\r\n',
    );
    expect(fieldValues(got, 'x-tag')).toEqual(['.']);
  });
});

describe('paths', () => {
  it.each([
    ['strip_prefix: /api', '/api/users?a=b', '/users?a=b'],
    ['strip_prefix: /api', '/api', '/'],
    ['strip_prefix: /api', '/api?x', '/?x'],
    ['strip_prefix: /api', '/apis/x', '/apis/x'],
    ['strip_prefix: /api/', '/api/x', '/x'],
    ['add_prefix: /v1', '/users', '/v1/users'],
    ['add_prefix: /v1', '/', '/v1/'],
    ['add_prefix: /v1/', '/users', '/v1/users'],
    ['{ strip_prefix: /api, add_prefix: /inner }', '/api/x', '/inner/x'],
    [
      'rewrite: { pattern: "^/u/([0-9]+)$", replacement: "/users/$1/profile" }',
      '/u/42?q=/u/1',
      '/users/42/profile?q=/u/1',
    ],
    ['rewrite: { pattern: "^/u/([0-9]+)$", replacement: "/users/$1/profile" }', '/u/x', '/u/x'],
    ['rewrite: { pattern: "^/", replacement: "" }', '/plain', '/plain'],
    ['rewrite: { pattern: "x", replacement: "a b" }', '/x', '/a%20b'],
    [
      '{ strip_prefix: /a, add_prefix: /b, rewrite: { pattern: "^/b/(.*)$", replacement: "/c/$1" } }',
      '/a/x',
      '/c/x',
    ],
  ])('with %s: %s becomes %s', async (transform, target, wanted) => {
    const body = transform.startsWith('{')
      ? transform
          .slice(1, -1)
          .split(/, (?=[a-z_]+: )(?!replacement)/)
          .join('\n  ')
      : transform;
    const [seen] = await through(`  ${body.trim()}`, get(target));
    expect(seen.startLine).toBe(`GET ${wanted} HTTP/1.1`);
  });

  it('of `OPTIONS *` stay as they are', async () => {
    const [seen] = await through('  add_prefix: /v1', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(seen.startLine).toBe('OPTIONS * HTTP/1.1');
  });
});

describe('variables', () => {
  const ALL = '${client_ip}|${request_id}|${backend}|${host}|${method}|${path}|${route}';

  /** A listener-wide transform and one of the route, both ways. */
  async function stageWithRoutes(): Promise<Scene> {
    return scene({
      yaml: `
transform:
  request_headers: [{ action: set, name: X-All, value: '${ALL}' }, { action: set, name: X-Both, value: general }]
  response_headers: [{ action: set, name: X-All, value: '${ALL}' }, { action: add, name: X-Time, value: 'took \${duration}!' }]
http:
  routes:
    - name: special
      path_prefix: /special
      transform:
        strip_prefix: /special
        request_headers: [{ action: set, name: X-Both, value: own }]
        response_headers: [{ action: add, name: X-Own, value: '\${path}' }]
`,
      respond: () => ok(),
    });
  }

  it('show what they stand for, in both directions', async () => {
    const stage = await stageWithRoutes();
    const got = await stage.exchange(
      'PUT /special/a%20b?q=1 HTTP/1.1\r\nHost: Some.test:81\r\nContent-Length: 0\r\n\r\n',
    );
    const [seen] = stage.seen;
    const id = fieldValues(got, 'x-request-id')[0]!;
    const all = `127.0.0.1|${id}|one|Some.test:81|PUT|/special/a%20b|special`;
    expect(fieldValues(seen!, 'x-all')).toEqual([all]);
    expect(fieldValues(got, 'x-all')).toEqual([all]);
    expect(fieldValues(got, 'x-time')[0]).toMatch(/^took [\d.]+m?s!$/);
    expect(fieldValues(seen!, 'x-request-id')).toEqual([id]);
  });

  it('and transforms of the route come after those of the listener', async () => {
    const stage = await stageWithRoutes();
    const special = await stage.exchange(get('/special/x'));
    const general = await stage.exchange(get('/x'));
    expect(stage.seen.map((seen) => fieldValues(seen, 'x-both'))).toEqual([['own'], ['general']]);
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['GET /x HTTP/1.1', 'GET /x HTTP/1.1']);
    expect(fieldValues(special, 'x-own')).toEqual(['/special/x']);
    expect(fieldValues(general, 'x-own')).toEqual([]);
    expect(fieldValues(general, 'x-all')[0]!.endsWith('|')).toBe(true);
  });

  it('count the whole time of a request', async () => {
    const stage = await scene({
      yaml: 'transform: { response_headers: [{ action: set, name: T, value: "${duration}" }] }',
      respond: async () => {
        await new Promise((resolve) => setTimeout(resolve, 120));
        return ok();
      },
    });
    const client = owned(await ByteSocket.connect(stage.proxy.address()));
    client.send(get());
    // Written as in logs; on a slow machine it is seconds.
    const [, time, unit] = /^([\d.]+)(ms|s)$/.exec(fieldValues(await readMessage(client), 't')[0]!) ?? [];
    expect(Number(time) * (unit === 's' ? 1_000 : 1)).toBeGreaterThanOrEqual(119);
  });
});
