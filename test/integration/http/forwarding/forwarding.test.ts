import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('what the proxy says about the client', () => {
  it('is written from the connection', async () => {
    const stage = await scene();
    const response = await stage.exchange(get());
    const [seen] = stage.seen;
    expect(fieldValues(seen!, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(fieldValues(seen!, 'x-real-ip')).toEqual(['127.0.0.1']);
    expect(fieldValues(seen!, 'x-forwarded-proto')).toEqual(['http']);
    expect(fieldValues(seen!, 'x-forwarded-host')).toEqual(['example.test']);
    const [id] = fieldValues(seen!, 'x-request-id');
    expect(id).toMatch(UUID);
    expect(fieldValues(response, 'x-request-id')).toEqual([id]);
  });

  it('takes the place of what the client claims, in any casing and number', async () => {
    const stage = await scene();
    const lies = [
      'X-Forwarded-For: 1.1.1.1',
      'x-forwarded-for: 2.2.2.2',
      'X-REAL-IP: 3',
      'x-forwarded-proto: https',
      'X-Forwarded-Host: evil',
      'X-Request-Id: mine',
    ];
    await stage.exchange(get('/', `${lies.join('\r\n')}\r\n`));
    const [seen] = stage.seen;
    expect(seen!.lines.filter((line) => /1\.1\.1\.1|2\.2\.2\.2|: 3$|https|evil|mine/.test(line))).toEqual([]);
    for (const name of [
      'x-forwarded-for',
      'x-real-ip',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-request-id',
    ]) {
      expect(fieldValues(seen!, name)).toHaveLength(1);
    }
  });

  it('has a new id for each request, and replaces that of the backend', async () => {
    const stage = await scene({ respond: () => ok('x', 'x-request-id: theirs\r\n') });
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const values = fieldValues(await stage.exchange(get()), 'x-request-id');
      expect(values).toHaveLength(1);
      ids.add(values[0]!);
    }
    expect(ids.size).toBe(3);
    expect(ids.has('theirs')).toBe(false);
  });
});

describe('fields that belong to one connection', () => {
  it('do not reach the backend, nor do those that Connection names', async () => {
    const stage = await scene();
    await stage.exchange(
      get(
        '/',
        'Connection: keep-alive, X-Mine ,x-OTHER\r\nX-Mine: 1\r\nKeep: 1\r\nX-Other:\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nTrailer: X\r\nProxy-Other: 1\r\n',
      ),
    );
    const names = stage.seen[0]!.lines.map((line) => line.split(':')[0]!);
    expect(names).toEqual([
      'Host',
      'Keep',
      'Proxy-Other',
      'X-Forwarded-For',
      'X-Real-IP',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Port',
      'CDN-Loop',
      'X-Request-ID',
    ]);
  });

  it('do not reach the client, nor do those that Connection names', async () => {
    const stage = await scene({
      respond: () =>
        ok(
          'x',
          'Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nX-Empty:\r\nProxy-Connection: x\r\nUpgrade: h2\r\nKeep: 1\r\n',
        ),
    });
    const response = await stage.exchange(get());
    expect(response.lines.map((line) => line.split(':')[0])).toEqual([
      'Date',
      'Content-Length',
      'X-Empty',
      'Keep',
      'X-Request-ID',
    ]);
  });

  it('may not be claimed to hold framing or Host', async () => {
    const stage = await scene();
    await stage.exchange(
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: host, content-length\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect(fieldValues(stage.seen[0]!, 'host')).toEqual(['a']);
    expect(stage.seen[0]!.body.toString()).toBe('abc');
  });
});

describe('fields that pass', () => {
  it('keep order, casing, repetition and inner white space', async () => {
    const stage = await scene({
      respond: () =>
        ok('x', 'X-b: 1\r\nSet-Cookie: a\r\nx-B:  2 \r\nset-cookie: b\r\nServer: them\r\nVary:\r\n'),
    });
    const response = await stage.exchange(
      get(
        '/',
        'X-z: 1\r\nAuthorization: Basic x\r\nX-Z:   2\t \r\nCookie: a=b; c="d"\r\nX-High: \xe4\xff\r\nempty:\r\n',
      ),
    );
    expect(stage.seen[0]!.lines.slice(0, 7)).toEqual([
      'Host: example.test',
      'X-z: 1',
      'Authorization: Basic x',
      'X-Z:   2\t ',
      'Cookie: a=b; c="d"',
      'X-High: \xe4\xff',
      'empty:',
    ]);
    expect(response.lines.slice(2, 8)).toEqual([
      'X-b: 1',
      'Set-Cookie: a',
      'x-B:  2 ',
      'set-cookie: b',
      'Server: them',
      'Vary:',
    ]);
  });

  it('end where they end, also when they are empty and the next one does not pass', async () => {
    const stage = await scene({ respond: () => ok('x', 'X-Empty:\r\nKeep-Alive: 1\r\nX-Last:  \r\n') });
    const response = await stage.exchange(
      get('/', 'X-Empty:\r\nX-Forwarded-For: 9.9.9.9\r\nA: 1\r\nX-Blank: \t \r\nTE: x\r\nX-Last:\r\n'),
    );
    const [seen] = stage.seen;
    expect(seen!.lines.slice(0, 5)).toEqual([
      'Host: example.test',
      'X-Empty:',
      'A: 1',
      'X-Blank:',
      'X-Last:',
    ]);
    expect(seen!.lines).toHaveLength(12);
    expect(response.lines.slice(2, 4)).toEqual(['X-Empty:', 'X-Last:']);
    expect(fieldValues(response, 'x-request-id')).toHaveLength(1);
  });

  it('get a Date where the backend sent none, and keep the one it sent', async () => {
    const heads = ['Date: then\r\n', ''];
    const stage = await scene({
      respond: () => `HTTP/1.1 200 OK\r\n${heads.shift()!}Content-Length: 0\r\n\r\n`,
    });
    expect(fieldValues(await stage.exchange(get()), 'date')).toEqual(['then']);
    const [date] = fieldValues(await stage.exchange(get()), 'date');
    expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(60_000);
    expect(date).toMatch(/ GMT$/);
  });

  it('keep the reason of the backend, or none', async () => {
    const lines = ['HTTP/1.1 299 Any Thing  at all', 'HTTP/1.1 200 ', 'HTTP/1.1 200'];
    const stage = await scene({ respond: () => `${lines.shift()!}\r\nContent-Length: 0\r\n\r\n` });
    expect((await stage.exchange(get())).startLine).toBe('HTTP/1.1 299 Any Thing  at all');
    expect((await stage.exchange(get())).startLine).toBe('HTTP/1.1 200 ');
    expect((await stage.exchange(get())).startLine).toBe('HTTP/1.1 200 ');
  });
});

describe('targets', () => {
  it.each(['/', '/?', '/a//b/../c/.', '/%2e%2E/%00%ff', '/a?b=c?d=/e&&', '/"<>|{}^`\\', '//double', '/;p=1'])(
    'pass byte for byte: %s',
    async (target) => {
      const stage = await scene();
      await stage.exchange(get(target));
      expect(stage.seen[0]!.startLine).toBe(`GET ${target} HTTP/1.1`);
    },
  );

  it.each([
    ['http://other.test:81/a?b', '/a?b', 'other.test:81'],
    ['HTTPS://other.test', '/', 'other.test'],
    ['http://other.test?b', '/?b', 'other.test'],
  ])('in absolute form go on in origin form, with their own host: %s', async (target, path, host) => {
    const stage = await scene();
    await stage.exchange(`GET ${target} HTTP/1.1\r\nHost: lie.test\r\nA: 1\r\n\r\n`);
    expect(stage.seen[0]!.startLine).toBe(`GET ${path} HTTP/1.1`);
    expect(fieldValues(stage.seen[0]!, 'host')).toEqual([host]);
    expect(fieldValues(stage.seen[0]!, 'x-forwarded-host')).toEqual([host]);
    expect(fieldValues(stage.seen[0]!, 'a')).toEqual(['1']);
  });

  it('of OPTIONS may be a star', async () => {
    const stage = await scene();
    await stage.exchange('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    await stage.exchange('OPTIONS http://a.test HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['OPTIONS * HTTP/1.1', 'OPTIONS * HTTP/1.1']);
  });

  it.each([
    'GET *',
    'GET relative',
    'GET ftp://a/',
    'GET http://',
    'GET http://user@host/',
    'GET http://ho<st/',
    'GET http:///x',
    'GET http://h:x/',
    'GET /\xe4',
  ])('that make no sense are refused: %s', async (line) => {
    const stage = await scene();
    expect(await stage.refusal(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatchObject({
      status: 400,
      closed: true,
    });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('of CONNECT are refused', async () => {
    const stage = await scene();
    const refusal = await stage.refusal(
      `CONNECT 127.0.0.1:${stage.backend.port} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    expect(refusal).toMatchObject({ status: 405, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });
});

describe('Host', () => {
  it.each([
    ['is missing', ''],
    ['is there twice', 'Host: a\r\nHost: a\r\n'],
    ['is there twice in different casing', 'Host: a\r\nhOST: b\r\n'],
    ['holds a slash', 'Host: a/b\r\n'],
    ['holds a user', 'Host: u@a\r\n'],
    ['holds a space', 'Host: a b\r\n'],
    ['has a bad port', 'Host: a:x\r\n'],
    ['has an open bracket', 'Host: [::1\r\n'],
    ['holds a hard space', 'Host: a\xa0\r\n'],
  ])('is refused when it %s', async (_what, lines) => {
    const stage = await scene();
    expect(await stage.refusal(`GET / HTTP/1.1\r\n${lines}\r\n`)).toMatchObject({
      status: 400,
      closed: true,
    });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it.each(['a', 'a.test:8080', '[::1]', '[::1]:80', '127.0.0.1', 'a:', ''])(
    'passes as it is: %s',
    async (host) => {
      const stage = await scene();
      const client = await stage.client();
      client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(statusOf(await readMessage(client))).toBe(200);
      expect(fieldValues(stage.seen[0]!, 'host')).toEqual([host]);
    },
  );
});
