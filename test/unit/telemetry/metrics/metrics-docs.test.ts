import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { writeExposition } from '../../../../src/telemetry/metrics/exposition/exposition.ts';
import { METRIC_TABLE, type MetricDescription } from '../../../../src/telemetry/metrics/metric-table.ts';
import type { UpstreamReading } from '../../../../src/readings/upstreams/upstream.ts';
import { firstEventOf, subjectOf, unitOf } from './metric-life.ts';
import { ProcessMetrics } from '../../../../src/telemetry/metrics/process/process-metrics.ts';
import { parseExposition, type ReadExposition } from './exposition/exposition.ts';
import { backendReading, listenerReading, MetricsLab, workerReading } from './metrics-lab.ts';
import {
  backendNamed,
  certificateReading,
  exchangeRecord,
  mirrorRecord,
  handshakeRecord,
  tunnelRecord,
} from '../records.ts';

/** There always is one that is live, but not in a proxy that a test emptied. */
const OF_GENERATION = 'balance_config_generation';

const DOCUMENT = fileURLToPath(new URL('../../../../src/telemetry/metrics/README.md', import.meta.url));

/** A proxy that has one of each thing; `isEmpty` takes them away. Nothing happened there yet. */
function quietLab(isEmpty: () => boolean = () => false): MetricsLab {
  const unlessEmpty =
    <T>(...things: T[]) =>
    (): T[] =>
      isEmpty() ? [] : things;
  const backend = backendNamed('a');
  const web = listenerReading('web');
  return new MetricsLab({
    backends: unlessEmpty(backendReading(backend)),
    listeners: unlessEmpty({ ...web, gauges: { ...web.gauges, demandsProxyHeader: 1, expectsTls: 1 } }),
    queues: unlessEmpty({ upstream: 'web', waiting: 1 }),
    upstreams: unlessEmpty<UpstreamReading>({
      upstream: 'web',
      servesRequests: true,
      retryBudget: { used: 1, size: 3 },
      panics: false,
      members: [
        {
          backend: 'a',
          weight: 1,
          effectiveWeight: 1,
          state: 'up',
          isEjected: false,
          breaker: 'closed',
          adaptiveLimit: 20,
        },
      ],
      clients: { size: 100, used: 3, forgotten: 1 },
    }),
    routes: () => new Map(isEmpty() ? [] : [['web', new Set(['api'])]]),
    certificates: unlessEmpty(certificateReading()),
    names: unlessEmpty({ ...UNKNOWN_NAME, answeredAtMs: undefined }),
    generations: unlessEmpty({ id: 1, isLive: true, active: 1 }),
    reloads: () => ({
      counts: [{ source: 'file', succeeded: 0, failed: 0 }],
      lastSucceeded: true,
      lastSuccessAtMs: 1,
      lastDurationMs: 1,
      lastSkewMs: undefined,
    }),
    shortages: () => ({ accept: 0 }),
    overload: () => ({ event_loop_delay: 0, heap: 0 }),
    openFilesLimit: () => 1024,
    workers: unlessEmpty(workerReading(1), workerReading(2)),
  });
}

const UNKNOWN_NAME = {
  name: 'a.test',
  addresses: [],
  source: undefined,
  ttlMs: undefined,
  failure: undefined,
  failingSinceMs: undefined,
  counts: { found: 0, absent: 0, failed: 0 },
};

/** One where everything happened once. */
function busyLab(isEmpty: () => boolean = () => false): MetricsLab {
  const lab = quietLab(isEmpty);
  const backend = backendNamed('a');
  const tunnel = { listener: 'web', backend: 'a', active: 1, total: 1, bytesReceived: 1, bytesSent: 1 };
  lab.source.tunnels = () => (isEmpty() ? [] : [tunnel]);
  lab.source.names = () => (isEmpty() ? [] : [{ ...UNKNOWN_NAME, answeredAtMs: 1 }]);
  const { reloads } = lab.source;
  lab.source.reloads = () => ({ ...reloads(), lastSkewMs: 1 });
  lab.counters.exchange(exchangeRecord({ backend, error: 'backend_reset' }));
  const refusal = { side: 'request', rule: 'host', field: 'Host', excerpt: 'a b' } as const;
  lab.counters.exchange(exchangeRecord({ listener: 'web', error: 'bad_request', refusal }));
  const failedTries = [{ backend, startMs: 0, endMs: 1, error: undefined, status: 503, retried: true }];
  lab.counters.exchange(exchangeRecord({ backend, failedTries, retriesExhausted: 'attempts' }));
  lab.counters.exchange(exchangeRecord({ upstream: 'web', hedgeResult: 'won' }));
  lab.counters.exchange(exchangeRecord({ upstream: 'web', stickiness: 'kept' }));
  lab.counters.mirrored(mirrorRecord({ upstream: 'web' }));
  lab.counters.tunnel(tunnelRecord({ listener: 'web', backend }));
  lab.counters.healthCheck({ upstream: 'web', backend: 'a', passed: true, durationMs: 1 });
  lab.counters.queue({ upstream: 'web', outcome: 'served', waitedMs: 1 });
  for (const [side, owner] of [
    ['client', 'web'],
    ['backend', 'web'],
    ['check', 'a'],
  ] as const) {
    lab.counters.handshake(handshakeRecord({ side, owner }));
    lab.counters.handshake(handshakeRecord({ side, owner, status: 'timeout', reason: 'timeout' }));
  }
  return lab;
}

/** Names of the metrics that have series of that subject. */
async function shown(lab: MetricsLab): Promise<string[]> {
  const { types, values } = await lab.read();
  // Those of no backend and no upstream are always there.
  const series = [...values.keys()].filter((key) => !/(?:backend|upstream)="none"/.test(key));
  return [...types]
    .filter(([name, type]) => series.some((key) => sampleOf(name, type).test(key)))
    .map(([name]) => name);
}

/** What an exposition says of its metrics, by their names. */
function described({ types, helps, values }: ReadExposition): Record<string, MetricDescription> {
  const all: Record<string, MetricDescription> = {};
  for (const [name, type] of types) {
    const key = [...values.keys()].find((sample) => sampleOf(name, type).test(sample)) ?? '';
    const labels = [...key.matchAll(/([a-z_]+)="/g)]
      .map(([, label]) => label!)
      .filter((label) => label !== 'le');
    all[name] = {
      name,
      type: type as MetricDescription['type'],
      labels: labels.sort(),
      help: helps.get(name)!,
    };
  }
  return all;
}

function sampleOf(name: string, type: string): RegExp {
  return new RegExp(`^${name}${type === 'histogram' ? '_bucket' : ''}(?:\\{|$)`);
}

/** What the documentation says of when a metric's series are there. */
function lifeOf(metric: MetricDescription): string {
  const subject = subjectOf(metric);
  const event = firstEventOf(metric);
  return `${subject === 'process' ? 'always' : subject}${event === undefined ? '' : ` (${event})`}`;
}

function tableOf(metrics: readonly MetricDescription[], hasLives: boolean): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = metrics.map(
    (metric) =>
      `| \`${metric.name}\` | ${metric.type} | ${metric.labels.join(', ')} | ${unitOf(metric)} |${
        hasLives ? ` ${lifeOf(metric)} |` : ''
      } ${cell(metric.help)} |`,
  );
  const columns = ['metric', 'type', 'labels', 'unit', ...(hasLives ? ['series'] : []), 'meaning'];
  return [`| ${columns.join(' | ')} |`, `|${' --- |'.repeat(columns.length)}`, ...rows].join('\n');
}

/** The document with the tables as they should be. To write it: `npx vitest run <this file> -u`. */
async function documented(tables: Readonly<Record<string, readonly MetricDescription[]>>): Promise<string> {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [mark, metrics] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
    const [before, after] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    if (after < before) throw new Error(`the document has no place for ${mark}`);
    text = `${text.slice(0, before)}\n\n${tableOf(metrics, mark === 'metrics')}\n\n${text.slice(after)}`;
  }
  return format(text, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT });
}

describe('the table of metrics', () => {
  it('says of each metric what the live output says', async () => {
    const live = described(await busyLab().read());
    const table = Object.fromEntries(
      METRIC_TABLE.map((metric) => [metric.name, { ...metric, labels: [...metric.labels].sort() }]),
    );
    expect(live).toEqual(table);
  });

  it('says when series begin', async () => {
    const begun = await shown(quietLab());
    const late = METRIC_TABLE.filter((metric) => firstEventOf(metric) !== undefined).map(({ name }) => name);
    const atOnce = ['balance_requests_total', 'balance_request_errors_total'];
    expect(METRIC_TABLE.map(({ name }) => name as string).filter((name) => !begun.includes(name))).toEqual(
      late.filter((name) => !atOnce.includes(name)),
    );
  });

  it('says with what series end', async () => {
    let isEmpty = false;
    const lab = busyLab(() => isEmpty);
    expect(await shown(lab)).toEqual(METRIC_TABLE.map(({ name }) => name));
    isEmpty = true;
    expect(await shown(lab)).toEqual(
      METRIC_TABLE.filter((metric) => subjectOf(metric) === 'process' && metric.name !== OF_GENERATION).map(
        ({ name }) => name,
      ),
    );
  });

  it('has names as Prometheus wants them', () => {
    for (const { name, type, help } of METRIC_TABLE) {
      expect(name).toMatch(/^balance_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(help).toMatch(/^\S.*\.$/);
    }
  });

  it.runIf(process.platform === 'linux')('is in the documentation, with that of the process', async () => {
    const process = new ProcessMetrics();
    const text = (await writeExposition(await process.read(), 'prometheus')).toString();
    process.destroy();
    const runtime = Object.values(described(parseExposition(text)));
    await expect(await documented({ metrics: METRIC_TABLE, process: runtime })).toMatchFileSnapshot(DOCUMENT);
  });
});
