import { describe, expect, it } from 'vitest';

import { ClaimedTlsLayer } from '../../../support/sockets/test-layers.ts';
import { filterLab, type FilterLab } from '../../../support/labs/filter-lab.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { tlsSession } from '../../../support/tls-session.ts';

function lab(http: string): Promise<FilterLab> {
  return filterLab(() => [], { http });
}

function request(method: string, target: string, fields = 'Host: shop.test\r\n'): string {
  return `${method} ${target} HTTP/1.1\r\n${fields}\r\n`;
}

async function redirected(stage: FilterLab, text: string): Promise<[status: number, location: string[]]> {
  const response = await stage.exchange(text);
  return [statusOf(response), fieldValues(response, 'location')];
}

describe('a redirect to https', () => {
  it.each([
    ['GET', 301],
    ['HEAD', 301],
    ['POST', 308],
    ['PUT', 308],
    ['OPTIONS', 308],
  ])('answers %s by %d with the same host, path and query', async (method, status) => {
    const stage = await lab('{ redirect_https: true }');
    const [got, location] = await redirected(stage, request(method, '/a%20b/c?d=1&e=%2F'));
    expect([got, location]).toEqual([status, ['https://shop.test/a%20b/c?d=1&e=%2F']]);
    expect(stage.seen).toEqual([]);
  });

  it.each([
    ['shop.test:8080', 443, 'https://shop.test/'],
    ['shop.test:8080', 8443, 'https://shop.test:8443/'],
    ['[2001:db8::1]:80', 8443, 'https://[2001:db8::1]:8443/'],
    ['[2001:db8::1]', 443, 'https://[2001:db8::1]/'],
    ['192.0.2.1', 443, 'https://192.0.2.1/'],
  ])('replaces the port of %s by %d', async (host, port, wanted) => {
    const stage = await lab(`{ redirect_https: { port: ${String(port)} } }`);
    expect(await redirected(stage, request('GET', '/', `Host: ${host}\r\n`))).toEqual([301, [wanted]]);
  });

  it('may be one that clients must not remember', async () => {
    const stage = await lab('{ redirect_https: { permanent: false } }');
    expect((await redirected(stage, request('GET', '/')))[0]).toBe(302);
    expect((await redirected(stage, request('POST', '/')))[0]).toBe(307);
  });

  it('takes host and path of a whole URL, and the root for *', async () => {
    const stage = await lab('{ redirect_https: true }');
    expect(await redirected(stage, request('GET', 'http://other.test:81/a?b'))).toEqual([
      301,
      ['https://other.test/a?b'],
    ]);
    expect(await redirected(stage, request('OPTIONS', '*'))).toEqual([308, ['https://shop.test/']]);
  });

  it.each([
    ['no host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an empty host', request('GET', '/', 'Host:\r\n')],
    ['a host that is none', request('GET', '/', 'Host: a/b\r\n')],
    ['a host with another line in it', request('GET', '/', 'Host: a\rX-Evil: 1\r\n')],
  ])('is a 400 for %s', async (_, text) => {
    const stage = await lab('{ redirect_https: true }');
    expect(await redirected(stage, text)).toEqual([400, []]);
  });

  it('leaves out what authorities ask for, in that spelling only', async () => {
    const stage = await lab('{ redirect_https: true }');
    const token = request('GET', '/.well-known/acme-challenge/token');
    expect(statusOf(await stage.exchange(token))).toBe(200);
    for (const target of ['/.well-known/acme-challenge', '/.well-known/acme-challenge/../../admin'])
      expect((await redirected(stage, request('GET', target)))[0]).toBe(301);
    expect(stage.seen).toHaveLength(1);
  });

  it('leaves the health endpoint as it is', async () => {
    const stage = await lab('{ redirect_https: true, health_endpoint: /healthz }');
    expect(statusOf(await stage.exchange(request('GET', '/healthz')))).toBe(200);
    expect(stage.records).toEqual([]);
  });

  it('believes a trusted proxy that its client came by https, and nobody else', async () => {
    const claims = [
      'X-Forwarded-Proto: https\r\n',
      'X-Forwarded-Proto: HTTPS, http\r\n',
      'Forwarded: for=192.0.2.1;proto=https\r\n',
      'Forwarded: for=192.0.2.9;proto=http, for=192.0.2.1;proto=https, for=127.0.0.1;proto=http\r\n',
    ];
    const trusting = await lab('{ redirect_https: true, trusted_proxies: [127.0.0.1] }');
    const other = await lab('{ redirect_https: true }');
    for (const claim of claims) {
      const text = request('GET', '/', `Host: shop.test\r\n${claim}`);
      expect(statusOf(await trusting.exchange(text))).toBe(200);
      expect(statusOf(await other.exchange(text))).toBe(301);
    }
    const spoofed = 'Forwarded: for=192.0.2.9;proto=https, for=192.0.2.1;proto=http\r\n';
    for (const claim of ['', 'X-Forwarded-Proto: http\r\n', spoofed])
      expect((await redirected(trusting, request('GET', '/', `Host: shop.test\r\n${claim}`)))[0]).toBe(301);
  });

  it('never meets a request that came over TLS', async () => {
    const layers = [new ClaimedTlsLayer(tlsSession())];
    const http = '{ redirect_https: true, trusted_proxies: [127.0.0.1] }';
    const stage = await filterLab(() => [], { http, layers });
    const text = request('GET', '/', 'Host: example.test\r\nX-Forwarded-Proto: http\r\n');
    expect(statusOf(await stage.exchange(text))).toBe(200);
  });

  it('keeps the connection, unless a body follows, and is recorded without an error', async () => {
    const stage = await lab('{ redirect_https: true }');
    const client = await stage.client();
    client.send(request('DELETE', '/a'));
    expect(statusOf(await readMessage(client))).toBe(308);
    client.send(`${request('POST', '/b', 'Host: shop.test\r\nContent-Length: 5\r\n')}hello`);
    const last = await readMessage(client);
    expect([statusOf(last), fieldValues(last, 'connection')]).toEqual([308, ['close']]);
    expect(stage.records.map(({ status, error, path, upstream }) => [status, error, path, upstream])).toEqual(
      [
        [308, undefined, '/a', ''],
        [308, undefined, '/b', ''],
      ],
    );
  });

  it('comes and goes with an edit, on a connection that stays', async () => {
    const stage = await lab('{}');
    const client = await stage.client();
    for (const [http, status] of [
      ['{}', 200],
      ['{ redirect_https: true }', 301],
      ['{ redirect_https: false }', 200],
    ] as const) {
      await stage.goLive(http);
      client.send(request('GET', '/'));
      expect(statusOf(await readMessage(client))).toBe(status);
    }
  });
});
