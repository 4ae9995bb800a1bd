import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../../support/peers/http-talk.ts';
import { JaegerCollector } from '../../support/collectors/jaeger-collector.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

/** The parts that edits change, as YAML. */
interface Parts {
  readonly web: string;
  readonly webListener: string;
  readonly rawListener: string;
  readonly upstreamOfRaw: string;
  readonly backends: string;
  readonly upstream: string;
  readonly metrics: string;
  readonly tracing: string;
  readonly logging: string;
  readonly dns: string;
  /** The content of the plugin's file. */
  readonly plugin: string;
}

/** A protocol that says a word, then throws. */
function clumsy(word: string): string {
  return `export default {
    apiVersion: 2,
    name: 'clumsy',
    provision: () => ({
      protocol: 'clumsy',
      active: 0,
      handle({ transport: stream }) {
        stream.write(Buffer.from('${word}'));
        stream.read({ data() { throw new Error('clumsy'); }, end() {}, drained() {}, closed() {} });
        return { drain() {} };
      },
      close: () => Promise.resolve(),
    }),
  };`;
}

/** The counters of a page by their series, parts of histograms included. */
function countersOf(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, series, name, value] = /^((balance_[a-z_]+)(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (series !== undefined && /_(?:total|count|sum|bucket)$/.test(name ?? ''))
      counters.set(series, Number(value));
  }
  return counters;
}

async function page(proxy: LabProxy, path?: string): Promise<string> {
  return (await ScrapedMetrics.from(proxy.adminAddress, path)).text;
}

describe('counters', () => {
  it('neither fall nor vanish at an edit while what they count is there', async () => {
    const [one, other, echo] = await Promise.all([
      backend(answering(() => ok())),
      backend(answering(() => ok())),
      backend(echoing()),
    ]);
    const collector = owned(new JaegerCollector());
    await collector.listen();
    const dead = await deadAddress();
    const first: Parts = {
      web: 'web',
      webListener: 'web',
      rawListener: 'raw',
      upstreamOfRaw: 'raw',
      backends: `{ name: one, address: '${one.address}' }, { name: lost, address: '${dead}', weight: 0 }`,
      upstream: ', queue: { max_size: 2 }',
      metrics: 'buckets: [0.001, 0.1, 1]',
      tracing: `sample_rate: 1, endpoint: '${collector.endpoint}'`,
      logging: 'level: error',
      dns: '',
      plugin: clumsy('one'),
    };
    const yaml = (parts: Parts): string => `
listeners:
  - { name: ${parts.webListener}, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: ${parts.web} }] } }
  - { name: ${parts.rawListener}, address: '127.0.0.1:0', mode: tcp, upstream: ${parts.upstreamOfRaw} }
  - { name: other, address: '127.0.0.1:0', mode: clumsy }
plugins: { directory: '.' }
upstreams:
  - { name: ${parts.web}, backends: [${parts.backends}], load_balancer: { algorithm: weighted-round-robin }${parts.upstream} }
  - { name: ${parts.upstreamOfRaw}, backends: [{ name: echo, address: 'localhost:${String(echo.port)}' }] }
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0', ${parts.metrics} }
tracing: { ${parts.tracing} }
logging: { ${parts.logging} }
${parts.dns}
`;
    let parts = first;
    const proxy = await labProxy(yaml(parts), { 'clumsy.mjs': parts.plugin });
    /** Something for each kind of counter, spans included. */
    const traffic = async (): Promise<void> => {
      const socket = await client(proxy.address(parts.webListener));
      await get(socket);
      socket.send('GET / HTTP/1.1\r\n\r\n');
      await socket.untilText('400');
      const tunnel = await client(proxy.address(parts.rawListener));
      tunnel.send('ping');
      await tunnel.untilText('ping');
      tunnel.close();
      const broken = await client(proxy.address('other'));
      broken.send('x');
      await broken.untilEnded();
    };
    /** [what it is, what changes, series that may go]. */
    const edits: readonly (readonly [what: string, change: Partial<Parts>, ends?: RegExp])[] = [
      ['another share of traces', { tracing: `sample_rate: 0.99999, endpoint: '${collector.endpoint}'` }],
      ['a collector that is away', { tracing: `sample_rate: 1, endpoint: 'http://${dead}/api/traces'` }],
      ['tracing off', { tracing: 'enabled: false' }],
      ['tracing on again', { tracing: first.tracing }],
      ['other buckets', { metrics: 'buckets: [0.05, 1, 10]' }, /le="0\.(?:001|1)"/],
      ['fewer buckets', { metrics: 'buckets: [1]' }, /le="(?:0\.05|10\.0)"/],
      ['another version of a plugin', { plugin: clumsy('two') }],
      ['logs to a file', { logging: "level: error, output: 'other.log', access_log: { enabled: true }" }],
      ['logs as before', { logging: first.logging }],
      ['a backend that moves', { backends: first.backends.replace(one.address, other.address) }],
      ['a backend that leaves', { backends: `{ name: one, address: '${other.address}' }` }, /backend="lost"/],
      ['health checks', { upstream: ', health_check: { type: tcp, interval: 50ms }' }],
      ['other health checks', { upstream: ', health_check: { type: tcp, interval: 60ms }' }],
      ['a pool with a limit', { upstream: ', connection_pool: { max_size: 3 }' }],
      ['another queue', { upstream: ', queue: { max_size: 5 }' }],
      ['an upstream with another name', { web: 'site' }, /upstream="web"/],
      ['a listener with another name', { webListener: 'front' }, /listener="web"/],
      ['the other upstream with another name', { upstreamOfRaw: 'echoes' }, /upstream="raw"/],
      ['other name servers', { dns: "dns: { servers: ['127.0.0.1:1'] }" }],
    ];
    await traffic();
    for (const [what, change, ends] of edits) {
      await traffic();
      const before = countersOf(await page(proxy));
      parts = { ...parts, ...change };
      await writeFile(join(proxy.directory, 'clumsy.mjs'), parts.plugin);
      await proxy.change(yaml(parts));
      const after = countersOf(await page(proxy));
      const wrong = [...before]
        .filter(([series]) => ends?.test(series) !== true)
        .filter(([series, value]) => !((after.get(series) ?? -1) >= value))
        .map(([series, value]) => `${series}: ${value} → ${String(after.get(series))}`);
      expect(wrong, what).toEqual([]);
    }
    const spans = await eventually(async () => {
      const found = new ScrapedMetrics(await page(proxy));
      const [exported, dropped] = ['exported', 'dropped'].map((end) =>
        found.sum(`balance_trace_spans_${end}_total`),
      );
      return dropped! > 0 && exported === collector.spans.length && exported > 0;
    }, 'each span was exported or dropped');
    expect(spans).toBe(true);
  });
});

describe('spans that an edit takes from their collector', () => {
  it('count as dropped, those of exchanges that run on included', async () => {
    const waiting: (() => void)[] = [];
    const server = await backend(
      answering(async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return ok();
      }),
    );
    const dead = await deadAddress();
    const yaml = (tracing: string): string => `mode: http
listen: '127.0.0.1:0'
backends: [{ name: one, address: '${server.address}' }]
reload: { watch: false }
metrics: { listen: '127.0.0.1:0' }
tracing: { ${tracing} }
logging: { level: fatal }
`;
    const proxy = await labProxy(yaml(`sample_rate: 1, endpoint: 'http://${dead}/api/traces'`));
    const dropped = async (): Promise<number> =>
      new ScrapedMetrics(await page(proxy)).sum('balance_trace_spans_dropped_total');
    const ended = get(await client(proxy.address()));
    await eventually(() => waiting.length === 1, 'the first request came');
    waiting.shift()?.();
    await ended;
    const running = get(await client(proxy.address()));
    await eventually(() => waiting.length === 1, 'the second request came');
    await proxy.change(yaml('enabled: false'));
    await eventually(async () => (await dropped()) > 0, 'the spans of the first one are dropped');
    const before = await dropped();
    waiting.shift()?.();
    await running;
    expect(await dropped()).toBe(2 * before);
  });
});

describe('a listener that an edit moves to another address', () => {
  it('keeps what it has counted since the last scrape', async () => {
    const server = await backend(echoing());
    const yaml = (address: string): string => `
listeners: [{ name: raw, address: '${address}', mode: tcp, upstream: raw }]
upstreams: [{ name: raw, backends: [{ name: echo, address: '${server.address}' }] }]
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
`;
    const proxy = await labProxy(yaml('127.0.0.1:0'));
    const visit = async (): Promise<void> => {
      const socket = await client(proxy.address());
      socket.send('ping');
      await socket.untilText('ping');
      socket.end();
      await socket.untilClosed();
    };
    const accepted = async (): Promise<number> =>
      (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_listener_connections_accepted_total', {
        listener: 'raw',
      });
    const moved = async (address: string): Promise<void> => {
      await proxy.change(yaml(address));
      await eventually(async () => {
        const { listeners } = (await proxy.status()) as { listeners: readonly object[] };
        return listeners.length === 1;
      }, 'the old address has drained');
    };
    await visit();
    await moved('127.0.0.2:0');
    await visit();
    expect(await accepted()).toBe(2);
    await visit();
    await moved('127.0.0.1:0');
    await visit();
    expect(await accepted()).toBe(4);
    expect(await accepted()).toBe(4);
  });
});
