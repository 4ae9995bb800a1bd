import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { writeExposition } from '../../../src/telemetry/exposition.ts';
import { METRIC_TABLE, type MetricDescription } from '../../../src/telemetry/metric-table.ts';
import { ProcessMetrics } from '../../../src/telemetry/process-metrics.ts';
import { parseExposition, type ReadExposition } from './exposition.ts';
import { backendReading, listenerReading, MetricsLab } from './metrics-lab.ts';
import { backendNamed, exchangeRecord, tunnelRecord } from './records.ts';

const DOCUMENT = fileURLToPath(new URL('../../../src/telemetry/README.md', import.meta.url));

/** A proxy where everything happened once. */
function busyLab(): MetricsLab {
  const lab = new MetricsLab({
    queues: () => [{ upstream: 'web', waiting: 1 }],
    tunnels: () => [{ listener: 'web', backend: 'a', active: 1, total: 1, bytesReceived: 1, bytesSent: 1 }],
    names: () => [
      { name: 'a.test', addresses: 1, answeredAtMs: 1, isFailing: false, found: 1, absent: 0, failed: 0 },
    ],
    reloads: () => ({
      counts: [{ source: 'file', succeeded: 1, failed: 0 }],
      lastSucceeded: true,
      lastSuccessAtMs: 1,
      lastDurationMs: 1,
    }),
    spans: () => ({ exported: 1, dropped: 0 }),
    shortages: () => ({ accept: 1 }),
  });
  const backend = backendNamed('a');
  lab.backends.push(backendReading(backend));
  lab.listeners.push(listenerReading('web'));
  lab.metrics.exchange(exchangeRecord({ backend, error: 'backend_reset' }));
  const refusal = { side: 'request', rule: 'host', field: 'Host', excerpt: 'a b' } as const;
  lab.metrics.exchange(exchangeRecord({ listener: 'web', error: 'bad_request', refusal }));
  lab.metrics.tunnel(tunnelRecord({ listener: 'web', backend }));
  lab.metrics.healthCheck({ backend: 'a', passed: true, durationMs: 1 });
  lab.metrics.queue({ upstream: 'web', outcome: 'served', waitedMs: 1 });
  return lab;
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

function tableOf(metrics: readonly MetricDescription[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${cell(help)} |`,
  );
  return ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The document with the tables as they should be. To write it: `npx vitest run <this file> -u`. */
async function documented(tables: Readonly<Record<string, readonly MetricDescription[]>>): Promise<string> {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [mark, metrics] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
    const [before, after] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    if (after < before) throw new Error(`the document has no place for ${mark}`);
    text = `${text.slice(0, before)}\n\n${tableOf(metrics)}\n\n${text.slice(after)}`;
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
