import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { buildProgram } from '../support/labs/built-program.ts';
import {
  missingPrometheus,
  promtool,
  SCRAPE_PATIENCE_MS,
  scraped,
  startPrometheus,
} from '../support/collectors/prometheus.ts';
import { burdened, encrypted, ending, healthy, losses, outages, shortages } from './alert-scenes.ts';
import { failing, overloaded } from './resilience-scenes.ts';
import { working } from './worker-scene.ts';

const missing = missingPrometheus();
const folder = fileURLToPath(new URL('../../docker/prometheus/', import.meta.url));
const rules = readFileSync(`${folder}alerts.yml`, 'utf8');
const alerts = (parse(rules) as { groups: { rules: { alert: string }[] }[] }).groups.flatMap((group) =>
  group.rules.map(({ alert }) => alert),
);

const SCENES = {
  healthy,
  outages,
  shortages,
  losses,
  ending,
  burdened,
  encrypted,
  failing,
  overloaded,
  working,
};
type SceneName = keyof typeof SCENES;

/** What each scene is to cause. Each alert is among them. */
const CAUSED: readonly (readonly [
  alert: string,
  scene: SceneName,
  labels?: Readonly<Record<string, string>>,
])[] = [
  ['BalanceDown', 'ending'],
  ['BalanceBackendDown', 'outages', { backend: 'checked' }],
  // Though a backend of weight 0 is well, and an upstream that nobody checks counts as healthy.
  ['BalanceAllBackendsDown', 'outages', { upstream: 'checked' }],
  // Responses of status 200 that end in the middle.
  ['BalanceErrorRatio', 'outages', { upstream: 'breaking', kind: 'request' }],
  // TCP connections, which have no status.
  ['BalanceErrorRatio', 'outages', { upstream: 'raw', kind: 'tunnel' }],
  // The first failures that there ever were, all within one scrape.
  ['BalanceErrorRatio', 'outages', { upstream: 'burst', kind: 'request' }],
  ['BalanceConnectFailures', 'outages', { backend: 'gone' }],
  ['BalanceConnectFailures', 'outages', { backend: 'closed' }],
  ['BalanceBreakerOpen', 'failing', { backend: 'broken' }],
  ['BalanceUpstreamPanic', 'failing', { upstream: 'panicking' }],
  ['BalanceBackendsEjected', 'failing', { upstream: 'ejecting' }],
  ['BalanceRetryBudgetUsedUp', 'failing', { backend: 'busy' }],
  ['BalanceMirrorDropped', 'failing', { upstream: 'next' }],
  // Backends without checks to which no connect succeeds.
  ['BalanceBackendDown', 'outages', { backend: 'gone' }],
  ['BalanceOverloaded', 'overloaded', { reason: 'heap' }],
  ['BalanceSlow', 'shortages'],
  ['BalancePoolExhausted', 'shortages', { backend: 'slow' }],
  ['BalanceNameFailing', 'shortages', { name: 'shop.test' }],
  ['BalanceListenerFull', 'shortages', { listener: 'small' }],
  ['BalanceShortOfResources', 'burdened'],
  ['BalanceEventLoopBlocked', 'burdened'],
  ['BalanceLogLinesDropped', 'losses'],
  ['BalanceSpansDropped', 'losses'],
  ['BalancePluginFails', 'losses'],
  ['BalanceTelemetryFails', 'losses'],
  ['BalanceReloadFailed', 'losses'],
  ['BalanceCertificateExpires', 'encrypted', { certificate: 'soon.crt', domain: 'soon.example' }],
  ['BalanceCertificateExpired', 'encrypted', { certificate: 'old.crt', domain: 'old.example' }],
  ['BalanceHandshakesFail', 'encrypted'],
  ['BalanceWorkerDown', 'working', { worker: '4' }],
  ['BalanceWorkerHung', 'working', { worker: '4' }],
  ['BalanceWorkerReplaced', 'working', { reason: 'exit' }],
  ['BalanceWorkersCrash', 'working'],
  ['BalanceWorkersUnbalanced', 'working'],
  ['BalanceWorkerBusy', 'working', { worker: '1' }],
  ['BalanceWorkersSwapLate', 'working'],
  ['BalanceUpgradeFailed', 'working'],
];

/** These depend on how busy the machine is that runs the test. */
const OF_THE_MACHINE = ['BalanceDown', 'BalanceEventLoopBlocked', 'BalanceSlow', 'BalanceShortOfResources'];

/** The rules with times that a test can wait for. */
function hastened(text: string): string {
  return text.replace(/for: \w+/g, 'for: 1s').replaceAll('[5m]', '[10s]');
}

if (missing === '') buildProgram();

describe.skipIf(missing !== '')(`alerts${missing}`, { timeout: 3 * SCRAPE_PATIENCE_MS }, () => {
  it('are rules as Prometheus wants them, each with a case of its own', () => {
    expect(promtool(['check', 'rules', `${folder}alerts.yml`]).status).toBe(0);
    const tested = promtool(['test', 'rules', `${folder}alerts.test.yml`]);
    expect([tested.status, tested.output]).toEqual([0, expect.stringContaining('SUCCESS')]);
    expect(new Set(CAUSED.map(([alert]) => alert))).toEqual(new Set(alerts));
    const cases = readFileSync(`${folder}alerts.test.yml`, 'utf8');
    expect(alerts.filter((alert) => !cases.includes(`alertname: ${alert}\n`))).toEqual([]);
  });

  it('fire for what is there for real, also in its first moment, and for nothing else', async () => {
    const names = Object.keys(SCENES) as SceneName[];
    const scenes = await Promise.all(names.map((name) => SCENES[name]()));
    // A scrape waits for a worker that hangs, for a second.
    const jobs = names.map(
      (name, at) => `
  - job_name: ${name}
    ${name === 'working' ? 'scrape_interval: 2s\n    scrape_timeout: 2s' : ''}
    static_configs: [{ targets: ['${scenes[at]!.target}'], labels: { job: balance, scene: ${name} } }]`,
    );
    const prometheus = await startPrometheus(
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms }
rule_files: [alerts.yml]
scrape_configs:${jobs.join('')}
`,
      { 'alerts.yml': hastened(rules) },
    );
    await scraped(
      async () => ((await prometheus.value('count(balance_uptime_seconds)')) ?? 0) === names.length,
      'all proxies are seen before anything happens',
    );
    expect(await prometheus.query('ALERTS{alertstate="firing",alertname!~"BalanceDown|.*Blocked"}')).toEqual(
      [],
    );
    await Promise.all(scenes.map((scene) => scene.begin()));

    const instances = new Map(names.map((name, at) => [scenes[at]!.target, name]));
    /** Whatever fired since the start, also when it is over by now. */
    const fired = async () =>
      (await prometheus.query('max_over_time(ALERTS{alertstate="firing"}[10m])')).map(({ metric }) => metric);
    let waiting: typeof CAUSED = CAUSED;
    await scraped(
      async () => {
        const found = await fired();
        waiting = CAUSED.filter(
          ([alert, scene, labels = {}]) =>
            !found.some(
              (metric) =>
                metric['alertname'] === alert &&
                instances.get(metric['instance'] ?? '') === scene &&
                Object.entries(labels).every(([label, value]) => metric[label] === value),
            ),
        );
        return waiting.length === 0;
      },
      () => `these fire: ${JSON.stringify(waiting)}`,
    );
    const wrong = (await fired()).filter(
      ({ instance, alertname, upstream, backend }) =>
        !OF_THE_MACHINE.includes(alertname ?? '') &&
        (instances.get(instance ?? '') === 'healthy' ||
          ['unchecked', 'spare'].includes(upstream ?? backend ?? '')),
    );
    expect(wrong).toEqual([]);
  });
});
