import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { CertificateAuthority } from '../support/certificates.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend } from '../support/peers/backends.ts';
import { buildProgram } from '../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../support/labs/lab-proxy.ts';
import {
  missingPrometheus,
  promtool,
  SCRAPE_PATIENCE_MS,
  scraped,
  startPrometheus,
} from '../support/collectors/prometheus.ts';
import type { RecordingBackend } from '../support/peers/recording-backend.ts';
import { repeated } from '../support/time/repeated.ts';

const missing = missingPrometheus();
const folder = fileURLToPath(new URL('../../docker/', import.meta.url));

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
}

const dashboards = readdirSync(`${folder}grafana/dashboards`).map((file) => {
  const { title, panels } = JSON.parse(readFileSync(`${folder}grafana/dashboards/${file}`, 'utf8')) as {
    title: string;
    panels: readonly Panel[];
  };
  return { title, panels };
});
const alertsText = readFileSync(`${folder}prometheus/alerts.yml`, 'utf8');
const alerts = (parse(alertsText) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);

async function ask(proxy: LabProxy, path: string, request: RequestInit = {}): Promise<void> {
  await (await fetch(`http://${proxy.address()}${path}`, request)).text();
}

/** Settings of which some metrics tell. */
const RESILIENT = `
health_check: { type: tcp, interval: 200ms, unhealthy_threshold: 1 }
outlier_detection: {}
resilience:
  circuit_breaker: { max_failures: 1000 }
  retry: { on: [503], max_attempts: 2, initial_delay: 200ms, jitter: 0, budget: { percent: 0, min: 1 } }
  hedge: { after: 20ms }
  adaptive_concurrency: {}
sticky: { type: header, name: X-Session }
mirror: { backends: ['localhost:MIRROR'], body_limit: 1KiB }
overload: { event_loop_delay: { refuse: 1h, pause: 1h }, heap_percent: { refuse: 100, pause: 100 } }
`;

/** Traffic that has something to do with each of {@link RESILIENT}. */
function eventfulTraffic(proxy: LabProxy): void {
  for (let client = 0; client < 4; client++) repeated(() => ask(proxy, '/fail'));
  repeated(() => ask(proxy, '/slow'));
  repeated((count) => ask(proxy, '/', { headers: { 'X-Session': String(count) } }));
  repeated(() => ask(proxy, '/', { method: 'POST', body: 'x'.repeat(5_000) }));
}

/** @param settings further keys of the config. Default: health checks alone */
async function observed(settings = 'health_check: { type: tcp, interval: 200ms, unhealthy_threshold: 1 }') {
  const respond = answering(async (request) => {
    if (request.startLine.includes('/slow')) await new Promise((resolve) => setTimeout(resolve, 100));
    return request.startLine.includes('/fail') ? ok('no').replace('200 OK', '503 Busy') : ok('yes');
  });
  const backends: RecordingBackend[] = [await backend(respond), await backend(respond)];
  const { cert, key } = new CertificateAuthority().issue();
  const proxy = await labProxy(
    `workers: 2
mode: http
listen: '127.0.0.1:0'
backends: [${backends.map(({ port }, i) => `{ name: b${i}, address: 'localhost:${port}' }`).join(', ')}]
connection_pool: { max_size: 100 }
${settings.replace('MIRROR', String(backends[0]!.port))}
metrics: { listen: '127.0.0.1:0' }
admin: { listen: '127.0.0.2:0', tls: { cert_file: admin.crt, key_file: admin.key } }
tracing: { sample_rate: 0 }
logging: { level: error, access_log: false }
`,
    { 'admin.crt': cert, 'admin.key': key },
  );
  const scraping = proxy.app.adminAddresses.find((address) => address.startsWith('127.0.0.1:')) ?? '';
  repeated((count) => ask(proxy, count % 10 === 0 ? '/fail' : '/'));
  const prometheus = await startPrometheus(
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms }
rule_files: [alerts.yml]
scrape_configs: [{ job_name: balance, static_configs: [{ targets: ['${scraping}'] }] }]
`,
    // Nobody waits for minutes in a test.
    { 'alerts.yml': alertsText.replace(/for: \w+/g, 'for: 1s').replaceAll('[5m]', '[5s]') },
  );
  return { proxy, backends, prometheus };
}

if (missing === '') buildProgram();

describe.skipIf(missing !== '')(
  `the stack's dashboards and alerts${missing}`,
  { timeout: 2 * SCRAPE_PATIENCE_MS },
  () => {
    it('are rules as Prometheus wants them, and fire as they should', () => {
      expect(promtool(['check', 'rules', `${folder}prometheus/alerts.yml`]).status).toBe(0);
      const tested = promtool(['test', 'rules', `${folder}prometheus/alerts.test.yml`]);
      expect([tested.status, tested.output]).toEqual([0, expect.stringContaining('SUCCESS')]);
      expect(
        promtool(['check', 'config', '--syntax-only', `${folder}prometheus/prometheus.yml`]).status,
      ).toBe(0);
    });

    it('ask for what a running proxy has', async () => {
      const { proxy, prometheus } = await observed(RESILIENT);
      eventfulTraffic(proxy);
      // What only a reload leaves.
      expect((await proxy.app.reload({ source: 'file' })).ok).toBe(true);
      const queries = dashboards.flatMap(({ title, panels }) =>
        panels.flatMap((panel) =>
          panel.targets.map(({ expr }) => ({ what: `${title}: ${panel.title}: ${expr}`, expr })),
        ),
      );
      const conditions = alerts.map(({ alert, expr }) => ({
        what: alert,
        expr: expr.replace(/ (?:==|>|<) [\d.]+/g, ''),
      }));
      expect(queries.length).toBeGreaterThan(40);
      let without = [...queries, ...conditions].map(({ what, expr }) => ({
        what,
        query: expr.replaceAll('$__rate_interval', '5s').replaceAll('[5m]', '[5s]'),
      }));
      await scraped(
        async () => {
          const found = await Promise.all(without.map(({ query }) => prometheus.query(query)));
          without = without.filter((_, i) => found[i]?.length === 0);
          return without.length === 0;
        },
        () => `there is data for ${without.map(({ what }) => what).join(', ')}`,
      );
    });

    it('tell of an outage', async () => {
      const { backends, prometheus } = await observed();
      const firing = async (name: string): Promise<boolean> =>
        ((await prometheus.value(`count(ALERTS{alertname="${name}",alertstate="firing"})`)) ?? 0) > 0;
      await scraped(
        async () => (await prometheus.value('sum(balance_backend_health_status)')) === 2,
        'all is well',
      );
      expect(await firing('BalanceBackendDown')).toBe(false);
      await backends[0]!.close();
      await scraped(() => firing('BalanceBackendDown'), 'one backend is down');
      expect(await firing('BalanceAllBackendsDown')).toBe(false);
      await backends[1]!.close();
      await scraped(() => firing('BalanceAllBackendsDown'), 'all backends are down');
      await scraped(() => firing('BalanceErrorRatio'), 'requests fail');
    });
  },
);
