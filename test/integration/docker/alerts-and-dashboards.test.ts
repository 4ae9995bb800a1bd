import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { METRIC_TABLE } from '../../../src/telemetry/metrics/metric-table.ts';

const DOCKER = new URL('../../../docker/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, DOCKER), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

const rules = (parse(read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const panels = readdirSync(new URL('grafana/dashboards/', DOCKER)).flatMap((file) => {
  const { title, panels } = JSON.parse(read(`grafana/dashboards/${file}`)) as {
    title: string;
    panels: Panel[];
  };
  return panels.flatMap((panel) =>
    panel.targets.map(({ expr, legendFormat = '' }) => ({
      what: `${title}: ${panel.title}`,
      expr,
      legend: legendFormat,
    })),
  );
});
const documented = [
  ...readFileSync(new URL('../src/telemetry/metrics/README.md', DOCKER), 'utf8').matchAll(
    /```promql\n([^]*?)```/g,
  ),
].map(([, expr = '']) => ({ what: 'README', expr: expr.replace(/^#.*$/gm, ''), legend: '' }));
const queries = [
  ...rules.map(({ alert, expr }) => ({ what: alert, expr, legend: '' })),
  ...panels,
  ...documented,
];

const LABELS = new Map<string, readonly string[]>([
  ...METRIC_TABLE.map(({ name, labels }) => [name as string, labels] as const),
  ['nodejs_gc_duration_seconds', ['kind', 'worker']],
  // Threads have them in common with Node.js.
  ...[
    'eventloop_utilization_ratio',
    'eventloop_lag_p50_seconds',
    'eventloop_lag_p99_seconds',
    'eventloop_lag_max_seconds',
    'heap_size_used_bytes',
    'external_memory_bytes',
  ].map((name) => [`nodejs_${name}`, ['worker']] as const),
]);
/** Labels that each scrape adds. */
const OF_THE_SCRAPE = ['job', 'instance'];

function labelsOf(metric: string): readonly string[] | undefined {
  const family = metric.replace(/_(?:bucket|sum|count)$/, '');
  const labels = LABELS.get(metric) ?? LABELS.get(family);
  if (labels === undefined || !metric.endsWith('_bucket')) return labels;
  return [...labels, 'le'];
}

const split = (list: string): string[] => list.split(',').map((name) => name.trim());

function metricLabels(expr: string): readonly string[] {
  const metrics = [...expr.matchAll(/\b(?:balance|nodejs|process)_\w+|\bup\b/g)].map(([metric]) => metric);
  return [...OF_THE_SCRAPE, ...metrics.flatMap((metric) => labelsOf(metric) ?? [])];
}

function groupedBy(expr: string): readonly string[] {
  const lists = [...expr.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)];
  return lists.flatMap(([, list = '']) => (list === '' ? [] : split(list)));
}

/** The labels that `$labels` and legends can name. */
function resultLabels(expr: string): readonly string[] {
  const groups = groupedBy(expr);
  return groups.length > 0 ? groups : metricLabels(expr);
}

describe('the queries of alerts, dashboards and the reference', () => {
  it('name metrics that there are', () => {
    expect(queries.length).toBeGreaterThan(50);
    for (const { what, expr } of queries)
      for (const [metric] of expr.matchAll(/\bbalance_\w+/g))
        expect([what, metric, labelsOf(metric)]).toEqual([what, metric, expect.any(Array)]);
  });

  // A label that no series has selects nothing, or silently makes one group of all.
  it('name labels that their metrics have', () => {
    for (const { what, expr, legend } of queries) {
      const known = new Set(metricLabels(expr));
      for (const [, metric = '', matchers = ''] of expr.matchAll(/\b(\w+)\{([^}]*)\}/g))
        for (const label of split(matchers).map((matcher) => matcher.replace(/\W.*$/, '')))
          expect([what, label, [...OF_THE_SCRAPE, ...(labelsOf(metric) ?? [])]]).toEqual([
            what,
            label,
            expect.arrayContaining([label]),
          ]);
      for (const label of groupedBy(expr))
        expect([what, label, known.has(label)]).toEqual([what, label, true]);
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g))
        expect([what, label, resultLabels(expr).includes(label)]).toEqual([what, label, true]);
    }
  });

  it('leave clients that left out of each share of failures', () => {
    const shares = queries.filter(({ expr }) => expr.includes('result="failed"'));
    expect(shares.length).toBeGreaterThan(4);
    for (const { what, expr } of shares) {
      const divisor = /\/\s*\(?sum[^/]*?balance_upstream_results_total(\{[^}]*\})?/.exec(expr)?.[1];
      expect([what, divisor]).toEqual([what, '{result!="client"}']);
    }
  });
});

describe('each alert', () => {
  it.each(rules)('$alert says of which proxy it is, and what to do', ({ expr, annotations }) => {
    const { summary, description } = annotations;
    expect(summary).toContain('{{ $labels.instance }}');
    const kept = new Set(resultLabels(expr));
    for (const [, label = ''] of summary.matchAll(/\$labels\.(\w+)/g))
      expect([summary, label, kept.has(label)]).toEqual([summary, label, true]);
    expect(description).toMatch(/^\S.{60,}[.?]$/);
  });

  it('says it with metrics and keys of the config that there are', () => {
    const schema = readFileSync(new URL('../schemas/config.schema.json', DOCKER), 'utf8');
    for (const { alert, annotations } of rules) {
      const words = annotations.description.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [];
      for (const word of words) {
        const isKnown = labelsOf(word) !== undefined || schema.includes(`"${word}"`);
        expect([alert, word, isKnown]).toEqual([alert, word, true]);
      }
      const paths = annotations.description.match(/\b[a-z_]+(?:\.[a-z_]+)+\b/g) ?? [];
      for (const key of paths.flatMap((path) => path.split('.'))) expect(schema).toContain(`"${key}"`);
    }
  });
});
