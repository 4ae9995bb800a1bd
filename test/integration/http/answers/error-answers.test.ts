import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { get, scene } from '../scene.ts';

const NO_BACKEND = 'listen: "127.0.0.1:0"\nreload: { watch: false }\nbackends: []\n';

async function ask(proxy: LabProxy, request: string): Promise<Message> {
  const peer = await client(proxy.address());
  peer.send(request);
  return readMessage(peer, { noBody: request.startsWith('HEAD ') });
}

function idOf(message: Message): string {
  return fieldValues(message, 'x-request-id')[0]!;
}

describe('an error of the proxy', () => {
  it.each([
    'application/json',
    'text/plain;q=0.5, application/problem+json',
    'APPLICATION/JSON',
    'text/json',
  ])('is JSON for who accepts it: %s', async (accept) => {
    const response = await ask(await labProxy(NO_BACKEND), get('/', `Accept: ${accept}\r\n`));
    expect(fieldValues(response, 'content-type')).toEqual(['application/json']);
    expect(fieldValues(response, 'content-length')).toEqual([String(response.body.length)]);
    expect(JSON.parse(response.body.toString())).toEqual({
      status: 503,
      error: 'Service Unavailable',
      reason: 'no backend is available',
      request_id: idOf(response),
    });
  });

  it.each(['*/*', 'text/html', 'application/jsonp', 'application/xjson', ''])(
    'is text for all others: %j',
    async (accept) => {
      const response = await ask(await labProxy(NO_BACKEND), get('/', `Accept: ${accept}\r\n`));
      expect(fieldValues(response, 'content-type')).toEqual(['text/plain; charset=utf-8']);
      expect(response.body.toString()).toBe(
        `503 Service Unavailable: no backend is available\nrequest id: ${idOf(response)}\n`,
      );
    },
  );

  it('has the same head for HEAD, and no body', async () => {
    const proxy = await labProxy(NO_BACKEND);
    const whole = await ask(proxy, get('/', 'Accept: application/json\r\n'));
    const peer = await client(proxy.address());
    peer.send('HEAD / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nConnection: close\r\n\r\n');
    await peer.untilEnded();
    expect(peer.text).toContain(`Content-Length: ${whole.body.length}\r\n`);
    expect(peer.text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('does not tell of the inside', async () => {
    const stage = await scene({
      respond: (_request, connection) => {
        connection.reset();
        return undefined;
      },
    });
    const response = await stage.exchange(get());
    expect(statusOf(response)).toBe(502);
    expect(response.raw.toString()).not.toMatch(/127\.0\.0\.1|ECONN|one|\.ts|node/i);
  });
});

describe('error_pages', () => {
  const PAGES = `http:
  error_pages:
    - statuses: [502, 503]
      body: "<h1>\${status} \${reason}</h1><i>\${request_id} \${request_id}</i> \${other} $& ü"
    - statuses: [400]
      content_type: text/markdown
      file: bad.md
`;

  it('take the place of the text, filled in, for each of their statuses', async () => {
    const stage = await labProxy(NO_BACKEND + PAGES, {
      'bad.md': '# ${status} ${reason}\nSay `${request_id}`.\n',
    });
    const response = await ask(stage, get());
    const id = idOf(response);
    expect(response.startLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(fieldValues(response, 'content-type')).toEqual(['text/html; charset=utf-8']);
    expect(fieldValues(response, 'retry-after')).toEqual(['1']);
    expect(response.body.toString()).toBe(
      `<h1>503 Service Unavailable</h1><i>${id} ${id}</i> \${other} $& ü`,
    );
    expect(fieldValues(response, 'content-length')).toEqual([String(response.body.length)]);
    const bad = await ask(stage, 'GET / HTTP/1.1\r\n\r\n');
    expect(fieldValues(bad, 'content-type')).toEqual(['text/markdown']);
    expect(bad.body.toString()).toBe(`# 400 Bad Request\nSay \`${idOf(bad)}\`.\n`);
    const garbage = await ask(stage, 'garbage\r\n\r\n');
    expect(garbage.body.toString()).toBe(`# 400 Bad Request\nSay \`${idOf(garbage)}\`.\n`);
  });

  it('may be empty', async () => {
    const stage = await scene({
      yaml: "http: { error_pages: [{ statuses: [414, 431], body: '' }], limits: { header_count: 2 } }",
    });
    const many = await stage.exchange(get('/', 'A: 1\r\nB: 1\r\n'));
    expect(statusOf(many)).toBe(431);
    expect([fieldValues(many, 'content-length'), many.body.length]).toEqual([['0'], 0]);
    const long = await stage.exchange(get(`/${'a'.repeat(10_000)}`));
    expect(statusOf(long)).toBe(414);
    expect(long.body).toHaveLength(0);
  });

  it('are for failures of backends too, but never for what a backend answers', async () => {
    const stage = await scene({
      yaml: 'http: { error_pages: [{ statuses: [502, 503], body: "own ${status}" }] }',
      respond: (request, connection) => {
        if (request.startLine.includes('/dies')) connection.reset();
        return request.startLine.includes('/dies') ? undefined : ok('theirs').replace('200 OK', '503 Busy');
      },
    });
    expect((await stage.exchange(get('/dies'))).body.toString()).toBe('own 502');
    const theirs = await stage.exchange(get('/busy'));
    expect([theirs.startLine, theirs.body.toString()]).toEqual(['HTTP/1.1 503 Busy', 'theirs']);
  });

  it('leave JSON to clients of JSON, and other statuses as they are', async () => {
    const stage = await scene({ yaml: 'http: { error_pages: [{ statuses: [400], body: "own" }] }' });
    const json = await stage.exchange(get('*', 'Accept: application/json\r\n'));
    expect(JSON.parse(json.body.toString())).toMatchObject({ status: 400, request_id: idOf(json) });
    expect((await stage.exchange(get('*'))).body.toString()).toBe('own');
    const other = await stage.exchange('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(other.body.toString()).toBe(
      `405 Method Not Allowed: CONNECT is not allowed here\nrequest id: ${idOf(other)}\n`,
    );
  });

  it('show a request id of a trusted peer without letting it say more', async () => {
    const proxy = await labProxy(
      `${NO_BACKEND}http: { trusted_proxies: [127.0.0.1], error_pages: [{ statuses: [503], body: "id \${request_id}" }] }\n`,
    );
    expect((await ask(proxy, get('/', 'X-Request-ID: mine-1\r\n'))).body.toString()).toBe('id mine-1');
    const evil = await ask(proxy, get('/', 'X-Request-ID: <script>\r\n'));
    expect(evil.body.toString()).toBe(`id ${idOf(evil)}`);
    expect(evil.raw.toString()).not.toContain('<script>');
  });

  it('have no body for HEAD', async () => {
    const proxy = await labProxy(
      `${NO_BACKEND}http: { error_pages: [{ statuses: [503], body: "12345" }] }\n`,
    );
    const peer = await client(proxy.address());
    peer.send('HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await peer.untilEnded();
    expect(peer.text).toContain('Content-Length: 5\r\n');
    expect(peer.text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('whose file is missing let the proxy not start', async () => {
    const yaml = `${NO_BACKEND}http: { error_pages: [{ statuses: [503], file: gone.html }] }\n`;
    await expect(labProxy(yaml)).rejects.toThrow(
      /:4:48 http\.error_pages\[0\]\.file names the file "gone\.html", which does not exist/,
    );
    await expect(labProxy(yaml, { 'gone.html': 'here' })).resolves.toBeDefined();
  });

  it('whose file is missing at a reload change nothing; with the file they are shown', async () => {
    const server = await backend(answering(() => undefined));
    const base = `listen: "127.0.0.1:0"\nreload: { watch: false }\nbackends: [{ name: one, address: "${server.address}" }]\n`;
    const proxy = await labProxy(`${base}http: { error_pages: [{ statuses: [400], body: before }] }\n`);
    const next = `${base}http: { error_pages: [{ statuses: [400], file: page.html }] }\n`;
    const { ok: done, message } = await proxy.edit(next);
    expect(done).toBe(false);
    expect(message).toMatch(
      /:4:48 http\.error_pages\[0\]\.file names the file "page\.html", which does not exist/,
    );
    expect((await ask(proxy, get('*'))).body.toString()).toBe('before');
    await writeFile(join(proxy.directory, 'page.html'), 'after ${status}');
    await proxy.change(next);
    expect((await ask(proxy, get('*'))).body.toString()).toBe('after 400');
  });

  it.each([
    ['neither body nor file', '{ statuses: [503] }'],
    ['both', '{ statuses: [503], body: a, file: b }'],
    ['no status', '{ statuses: [], body: a }'],
    ['a status that is no error', '{ statuses: [200], body: a }'],
  ])('with %s are a mistake', async (_what, page) => {
    await expect(labProxy(`${NO_BACKEND}http: { error_pages: [${page}] }\n`)).rejects.toThrow(/error_pages/);
  });
});
