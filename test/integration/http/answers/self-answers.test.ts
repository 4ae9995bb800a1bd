import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { OtlpCollector } from '../../../support/collectors/otlp-collector.ts';
import { owned } from '../../../support/owned.ts';
import type { CollectedSpan } from '../../../support/collectors/trace-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const AGENT = 'User-Agent: probe/1\r\n';
const CALLED = `traceparent: 00-${TRACE}-${CALLER}-01\r\n`;
const LINES = `Host: shop.test:81\r\n${AGENT}${CALLED}`;

type Line = Readonly<Record<string, unknown>>;

interface TracedProxy {
  readonly proxy: LabProxy;
  /** The access lines so far, as soon as there are so many. */
  lines(count: number): Promise<Line[]>;
  /** The root spans so far, as soon as there are so many. */
  roots(count: number): Promise<CollectedSpan[]>;
}

async function tracedProxy(address: string, http = ''): Promise<TracedProxy> {
  const collector = owned(new OtlpCollector());
  await collector.listen();
  const proxy = await labProxy(`reload: { watch: false }
logging: { format: json }
tracing: { exporter: otlp, endpoint: '${collector.endpoint}', sample_rate: 1 }
listeners:
  - name: web
    mode: http
    listen: '127.0.0.1:0'
    http:
      health_endpoint: /healthz
      via: edge
      limits: { header_size: 2KiB, header_count: 10, target_length: 256, body_size: 1KiB }
      timeouts: { read: 300ms, request: 1s }
      routes:
        - { name: app, path_prefix: /app, upstream: app }
        - { name: dead, path_prefix: /dead, upstream: dead }
      ${http}
upstreams:
  - { name: app, backends: [{ name: one, address: '${address}' }] }
  - { name: dead, backends: [{ name: gone, address: '${await deadAddress()}' }] }
`);
  return {
    proxy,
    lines: (count) =>
      eventually(async () => {
        const all = (await proxy.log()).split('\n').filter((line) => line.includes('"client_ip"'));
        return all.length >= count ? all.map((line) => JSON.parse(line) as Line) : undefined;
      }, `${count} access lines`),
    roots: (count) =>
      eventually(() => {
        const roots = collector.spans.filter(({ tags }) => tags['span.kind'] === 'server');
        return Promise.resolve(roots.length >= count ? roots : undefined);
      }, `${count} spans`),
  };
}

/** Sends `request`, waits for the answer, and returns its status. */
async function answerTo(proxy: LabProxy, request: string): Promise<number> {
  const peer = await client(proxy.address());
  peer.send(request);
  const head = await peer.untilText('\r\n\r\n');
  peer.socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
}

const X = 'x'.repeat(3000);

/** Each answer that the proxy gives itself: the request, and what its line says. */
const ANSWERS: readonly (readonly [string, number, string, Line])[] = [
  ['no route', 404, `GET /none?q=1 HTTP/1.1\r\n${LINES}\r\n`, { method: 'GET', path: '/none' }],
  ['CONNECT', 405, `CONNECT b.test:443 HTTP/1.1\r\n${LINES}\r\n`, { method: 'CONNECT', path: 'b.test:443' }],
  [
    'a body that slept',
    408,
    `POST /app/up HTTP/1.1\r\n${LINES}Content-Length: 9\r\n\r\n`,
    { method: 'POST', path: '/app/up' },
  ],
  ['a head that never ends', 408, `GET /app/slow HTTP/1.1\r\n${LINES}`, { method: 'GET', path: '/app/slow' }],
  [
    'a long body',
    413,
    `POST /app/up HTTP/1.1\r\n${LINES}Content-Length: 9999\r\n\r\n`,
    { method: 'POST', path: '/app/up' },
  ],
  [
    'a long target',
    414,
    `GET /app/${'x'.repeat(300)} HTTP/1.1\r\n${LINES}\r\n`,
    { method: 'GET', path: `/app/${'x'.repeat(300)}` },
  ],
  [
    'a large head',
    431,
    `GET /app/big HTTP/1.1\r\n${LINES}X: ${X}\r\n\r\n`,
    { method: 'GET', path: '/app/big' },
  ],
  [
    'many fields',
    431,
    `PUT /app/many HTTP/1.1\r\n${LINES}${'X: 1\r\n'.repeat(20)}\r\n`,
    { method: 'PUT', path: '/app/many' },
  ],
  [
    'a field that can not be read',
    400,
    `GET /app/bad;p=1?q HTTP/1.0\r\n${LINES}X: a\x00b\r\n\r\n`,
    { method: 'GET', path: '/app/bad;***', protocol: 'HTTP/1.0' },
  ],
  [
    'a malformed target',
    400,
    `GET app/there?q=1 HTTP/1.1\r\n${LINES}\r\n`,
    { method: 'GET', path: 'app/there' },
  ],
  [
    'a coding',
    501,
    `POST /app/te HTTP/1.1\r\n${LINES}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    { path: '/app/te' },
  ],
  [
    'HTTP/2',
    505,
    `GET /app/v HTTP/2.0\r\n${LINES}\r\n`,
    { method: 'GET', path: '/app/v', protocol: 'HTTP/2.0' },
  ],
  [
    'HTTP/0.9',
    400,
    `GET /app/v HTTP/0.9\r\n${LINES}\r\n`,
    { method: 'GET', path: '/app/v', protocol: 'HTTP/0.9' },
  ],
  ['a loop', 508, `GET /app/l HTTP/1.1\r\n${LINES}Via: 1.1 edge\r\n\r\n`, { method: 'GET', path: '/app/l' }],
  ['a dead backend', 502, `GET /dead/x HTTP/1.1\r\n${LINES}\r\n`, { path: '/dead/x', route: 'dead' }],
  [
    'a backend that hangs',
    504,
    `GET /app/hang HTTP/1.1\r\n${LINES}\r\n`,
    { path: '/app/hang', backend: 'one' },
  ],
  [
    'the last hop',
    204,
    `OPTIONS /app/o HTTP/1.1\r\n${LINES}Max-Forwards: 0\r\n\r\n`,
    { method: 'OPTIONS', path: '/app/o' },
  ],
];

describe('a request that the proxy answers itself', () => {
  it.each(ANSWERS)(
    'has a span, and a line with all that was read of it: %s, %d',
    async (_what, status, request, facts) => {
      const server = await backend(answering(() => undefined));
      const { proxy, lines, roots } = await tracedProxy(server.address);
      expect(await answerTo(proxy, request)).toBe(status);
      const [line] = await lines(1);
      expect(line).toMatchObject({
        ...facts,
        status,
        host: 'shop.test:81',
        user_agent: 'probe/1',
        trace_id: TRACE,
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
      if (status !== 204) expect(line!['bytes']).toBeGreaterThan(20);
      const [root] = await roots(1);
      expect(root).toMatchObject({ traceId: TRACE, spanId: line!['span_id'], parentSpanId: CALLER });
      expect(root!.tags).toMatchObject({
        'http.status_code': status,
        'http.request.method': line!['method'],
        'url.path': line!['path'],
        'server.address': 'shop.test',
        'server.port': 81,
        'balance.request_id': line!['request_id'],
      });
    },
  );

  it('has one too when nothing could be read of it', async () => {
    const { proxy, lines, roots } = await tracedProxy('127.0.0.1:1');
    expect(await answerTo(proxy, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toBe(400);
    const [line] = await lines(1);
    expect(line).toMatchObject({ method: '', path: '', host: '', protocol: '', status: 400, refusal: 'tls' });
    const [root] = await roots(1);
    expect(root).toMatchObject({ name: 'HTTP', spanId: line!['span_id'], parentSpanId: '0'.repeat(16) });
  });

  it('shows the beginning of a target that is larger than a head may be', async () => {
    const { proxy, lines, roots } = await tracedProxy('127.0.0.1:1');
    expect(await answerTo(proxy, `GET /app/${X} HTTP/1.1\r\n${LINES}\r\n`)).toBe(414);
    const [line] = await lines(1);
    expect(line).toMatchObject({ method: 'GET', path: `/app/${'x'.repeat(1019)}...`, status: 414 });
    expect((await roots(1))[0]).toMatchObject({ traceId: line!['trace_id'], spanId: line!['span_id'] });
  });

  it('says for how long its head was waited for', async () => {
    const { proxy, lines } = await tracedProxy('127.0.0.1:1');
    await answerTo(proxy, 'GET /slow HTTP/1.1\r\n');
    const [line] = await lines(1);
    expect(line!['duration_ms']).toBeGreaterThanOrEqual(290);
  });

  it('is told of the client that a trusted proxy names, and by the id that it gave', async () => {
    const { proxy, lines } = await tracedProxy('127.0.0.1:1', 'trusted_proxies: [127.0.0.1]');
    const fields = 'X-Forwarded-For: 192.0.2.7\r\nX-Request-ID: given-1\r\n';
    await answerTo(proxy, `GET /x HTTP/1.1\r\n${fields}X A: 1\r\n\r\n`);
    expect((await lines(1))[0]).toMatchObject({ client_ip: '192.0.2.7', request_id: 'given-1', path: '/x' });
  });

  it('has no span when it is a probe of the health endpoint', async () => {
    const { proxy, lines, roots } = await tracedProxy('127.0.0.1:1');
    await answerTo(proxy, `GET /healthz HTTP/1.1\r\n${LINES}\r\n`);
    await answerTo(proxy, `GET /none HTTP/1.1\r\n${LINES}\r\n`);
    await lines(1);
    expect((await roots(1)).map(({ name }) => name)).toEqual(['GET /none']);
  });
});

describe('a client that leaves early', () => {
  it('has a span and a line when its request waits for a backend', async () => {
    const server = await backend(answering(() => undefined));
    const { proxy, lines, roots } = await tracedProxy(server.address);
    const peer = await client(proxy.address());
    peer.send(`GET /app/hang HTTP/1.1\r\n${LINES}\r\n`);
    await (await server.connection(0)).untilText('\r\n\r\n');
    peer.socket.destroy();
    const [line] = await lines(1);
    expect(line).toMatchObject({ status: 499, error: 'client_abort', path: '/app/hang', trace_id: TRACE });
    const [root] = await roots(1);
    expect(root).toMatchObject({ traceId: TRACE, spanId: line!['span_id'] });
  });

  it('has them when it leaves within the head', async () => {
    const { proxy, lines, roots } = await tracedProxy('127.0.0.1:1');
    for (const ending of ['destroy', 'end'] as const) {
      const peer = await client(proxy.address());
      peer.send(`GET /app/half HTTP/1.1\r\n${LINES}X-Cut`);
      // The answer to another request shows that the proxy has read the first.
      await answerTo(proxy, `GET /none HTTP/1.1\r\n${LINES}\r\n`);
      peer.socket[ending]();
      await peer.untilClosed();
    }
    const halves = (await lines(4)).filter(({ status }) => status === 499);
    expect(halves).toHaveLength(2);
    for (const half of halves) {
      expect(half).toMatchObject({
        error: 'client_abort',
        method: 'GET',
        path: '/app/half',
        host: 'shop.test:81',
        trace_id: TRACE,
        bytes: 0,
      });
    }
    expect((await roots(4)).map(({ spanId }) => spanId)).toEqual(
      expect.arrayContaining(halves.map((half) => half['span_id'])),
    );
  });

  it('has none when it asked for nothing', async () => {
    const server = await backend(answering(() => ok()));
    const { proxy, lines } = await tracedProxy(server.address);
    for (const before of ['', `GET /app/a HTTP/1.1\r\n${LINES}\r\n`, '\r\n']) {
      const peer = await client(proxy.address());
      peer.send(before);
      if (before.length > 2) await peer.untilText('\r\n\r\n');
      peer.socket.end();
      await peer.untilClosed();
    }
    await answerTo(proxy, `GET /none HTTP/1.1\r\n${LINES}\r\n`);
    expect((await lines(2)).map(({ status }) => status)).toEqual([200, 404]);
  });
});
