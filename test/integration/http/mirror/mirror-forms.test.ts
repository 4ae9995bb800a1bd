import { describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { OtlpCollector } from '../../../support/collectors/otlp-collector.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { fieldValues, type Message } from '../../../support/peers/http-message.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { repeated } from '../../../support/time/repeated.ts';

const COMMON = `
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;

interface Server {
  readonly address: string;
  readonly seen: Message[];
}

async function server(name: string): Promise<Server> {
  const seen: Message[] = [];
  const { address } = await backend(answering(() => ok(name), seen));
  return { address, seen };
}

async function ask(proxy: LabProxy, path = '/'): Promise<string> {
  return (await fetch(`http://${proxy.address()}${path}`, { headers: { connection: 'close' } })).text();
}

function paths({ seen }: Server): string[] {
  return seen.map(({ startLine }) => startLine.split(' ')[1] ?? '');
}

async function counted(proxy: LabProxy, upstream: string, count: number): Promise<void> {
  await eventually(
    async () =>
      (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_mirrored_requests_total', {
        upstream,
        result: 'answered',
      }) === count,
    `${upstream} has answered ${String(count)} copies`,
  );
}

describe.each([1, 2])('a mirror with workers: %i', (workers) => {
  it('is a list of servers in the flat form, for all requests and for those of a route', async () => {
    const [web, all, own] = [await server('web'), await server('all'), await server('own')];
    const proxy = await labProxy(`${COMMON}
workers: ${String(workers)}
listen: '127.0.0.1:0'
backends: [{ name: web, address: '${web.address}' }]
health_check: { type: tcp }
mirror: { backends: ['${all.address}'] }
http:
  routes:
    - { name: own, path_prefix: /own, mirror: { backends: ['http://${own.address}'] } }
    - { name: none, path_prefix: /none, mirror: { backends: ['http://${own.address}'], percent: 0 } }
    - { name: plain, path_prefix: /plain }
`);
    for (const path of ['/', '/own/a', '/none/a', '/plain/a']) expect(await ask(proxy, path)).toBe('web');
    await counted(proxy, 'mirror', 2);
    await counted(proxy, 'mirror:own', 1);
    expect(paths(all).sort()).toEqual(['/', '/plain/a']);
    expect(paths(own)).toEqual(['/own/a']);
  });

  it('is a list of servers in the gateway form', async () => {
    const [web, all, own] = [await server('web'), await server('all'), await server('own')];
    const proxy = await labProxy(`${COMMON}
workers: ${String(workers)}
listen: '127.0.0.1:0'
mirror: { backends: ['${all.address}'] }
routes:
  - { path: /own, backends: ['http://${web.address}'], mirror: { backends: ['http://${own.address}'] } }
  - { path: /other, backends: ['http://${web.address}'] }
health_check: { enabled: false }
`);
    for (const path of ['/own/a', '/other/a']) expect(await ask(proxy, path)).toBe('web');
    await counted(proxy, 'mirror', 1);
    await counted(proxy, 'mirror:/own', 1);
    expect(paths(all)).toEqual(['/other/a']);
    expect(paths(own)).toEqual(['/own/a']);
  });

  it('is an upstream in the form with listeners, for a listener as a whole too', async () => {
    const [web, all] = [await server('web'), await server('all')];
    const proxy = await labProxy(`${COMMON}
workers: ${String(workers)}
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: web, http: { mirror: { upstream: next } } }
upstreams:
  - { name: web, backends: [{ address: '${web.address}' }] }
  - { name: next, backends: [{ address: '${all.address}' }] }
`);
    expect(await ask(proxy, '/a')).toBe('web');
    await counted(proxy, 'next', 1);
    expect(paths(all)).toEqual(['/a']);
  });

  it('comes, moves and goes by edits under load, and no request notices', async () => {
    const [web, first, second] = [await server('web'), await server('first'), await server('second')];
    const config = (mirror: string): string => `${COMMON}
workers: ${String(workers)}
listen: '127.0.0.1:0'
backends: [{ name: web, address: '${web.address}' }]
${mirror}`;
    const proxy = await labProxy(config(''));
    const wrong: string[] = [];
    const load = repeated(async () => {
      const body = await ask(proxy, '/load');
      if (body !== 'web') wrong.push(body);
    });
    await eventually(() => load.count > 5, 'there is load');
    await proxy.change(config(`mirror: { backends: ['${first.address}'] }`));
    await eventually(() => first.seen.length > 5, 'the first mirror gets copies');
    await proxy.change(config(`mirror: { backends: ['${second.address}'], percent: 50 }`));
    await eventually(() => second.seen.length > 5, 'the second mirror gets copies');
    await proxy.change(config(''));
    expect(await ask(proxy, '/after')).toBe('web');
    expect(wrong).toEqual([]);
    expect(paths(second)).not.toContain('/after');
    expect(paths(first)).not.toContain('/after');
  });
});

describe('the copy of a request', () => {
  it('is a span of its own below that of the request, and its server gets the id of that span', async () => {
    const [web, next] = [await server('web'), await server('next')];
    const collector = owned(new OtlpCollector());
    await collector.listen();
    const proxy = await labProxy(`${COMMON}
listen: '127.0.0.1:0'
backends: [{ name: web, address: '${web.address}' }]
mirror: { backends: ['${next.address}'] }
transform: { request_headers: [{ action: set, name: X-Backend, value: '\${backend}' }] }
logging: { level: debug }
tracing: { exporter: otlp, endpoint: '${collector.endpoint}', sample_rate: 1 }
`);
    await ask(proxy, '/a');
    const spanOf = (name: string) =>
      eventually(() => collector.spans.find((span) => span.name.startsWith(name)), `there is a span ${name}`);
    const [root, try_, copy] = [
      await spanOf('GET '),
      await spanOf('backend:'),
      await spanOf('mirror: GET /a'),
    ];
    expect(copy).toMatchObject({ traceId: root.traceId, parentSpanId: root.spanId });
    expect(copy.tags).toMatchObject({ 'balance.mirror': 'mirror', 'http.response.status_code': 200 });
    const traced = (spanId: string): string => `00-${root.traceId}-${spanId}-01`;
    expect(fieldValues(web.seen[0]!, 'traceparent')).toEqual([traced(try_.spanId)]);
    expect(fieldValues(next.seen[0]!, 'traceparent')).toEqual([traced(copy.spanId)]);
    expect(fieldValues(web.seen[0]!, 'x-backend')).toEqual(['web']);
    expect(fieldValues(next.seen[0]!, 'x-backend')).toEqual([next.address]);
    const line = await proxy.untilLogged('Copy of a request was answered');
    expect(line).toContain(root.traceId);
    expect(line).toMatch(/mirror=mirror .*mirror_status=200/);
  });
});
