import { describe, expect, it } from 'vitest';

import { METRIC_TABLE } from '../../src/telemetry/metrics/metric-table.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend, echoing } from '../support/peers/backends.ts';
import { get } from '../support/peers/http-talk.ts';
import { client, secureClient } from '../support/peers/clients.ts';
import { deadAddress } from '../support/addresses/dead-address.ts';
import { eventually } from '../support/time/eventually.ts';
import { labProxy, type LabProxy } from '../support/labs/lab-proxy.ts';
import {
  missingPrometheus,
  promtool,
  SCRAPE_PATIENCE_MS,
  scraped,
  startPrometheus,
  type Prometheus,
} from '../support/collectors/prometheus.ts';
import { repeated, type Repeated } from '../support/time/repeated.ts';

const missing = missingPrometheus();

/** A proxy with one worker has none of these: test/integration/workers/metrics.test.ts looks at them. */
const OF_SEVERAL_WORKERS = /^balance_(?:worker_|config_commit_skew|listener_accept_rests_)/;
/** Only what happened shows, and these did not. */
const ABSENT = [
  'balance_adaptive_concurrency_limit',
  'balance_backend_ejections_total',
  'balance_circuit_breaker_open_total',
  'balance_circuit_breaker_state',
  'balance_dns_answer_age_seconds',
  'balance_hedges_total',
  'balance_mirrored_requests_total',
  'balance_overload_level',
  'balance_proxy_protocol_refusals_total',
  'balance_queue_wait_seconds',
  'balance_retries_exhausted_total',
  'balance_retries_total',
  'balance_retry_budget',
  'balance_retry_budget_used',
  'balance_sticky_clients',
  'balance_sticky_clients_forgotten_total',
  'balance_sticky_clients_max',
  'balance_sticky_requests_total',
  'balance_upstream_ejected',
  'balance_upstream_panic',
];

/** A proxy with traffic of each kind; clients trust `ca`. */
async function start(): Promise<{ proxy: LabProxy; ca: string; edited: string }> {
  const one = await backend(answering(() => ok('one')));
  const two = await backend(answering(() => ok('two')));
  const echo = await backend(echoing());
  const authority = new CertificateAuthority();
  const { cert, key } = authority.issue();
  const secret = await backend(
    answering(() => ok('secret')),
    { cert, key },
  );
  const collector = await deadAddress();
  const yaml = (backends: string): string => `
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, upstream: web, http: { routes: [{ path_prefix: /, upstream: web }] } }
  - { name: raw, address: '127.0.0.1:0', mode: tcp, upstream: raw }
  - name: secure
    address: '127.0.0.1:0'
    mode: http
    tls: { cert_file: a.crt, key_file: a.key }
    http: { routes: [{ path_prefix: /untrusted, upstream: untrusted }, { path_prefix: /failing, upstream: failing }, { path_prefix: /, upstream: trusted }] }
upstreams:
  - name: web
    health_check: { type: tcp, interval: 200ms }
    backends: [${backends}]
  - name: raw
    backends: [{ name: echo, address: 'localhost:${String(echo.port)}' }]
  - name: trusted
    tls: { ca_file: ca.crt }
    health_check: { type: https, path: /, interval: 200ms }
    backends: [{ name: secret, address: '${secret.address}' }]
  - name: failing
    tls: {}
    health_check: { type: https, path: /, interval: 200ms }
    backends: [{ name: unknown, address: '${secret.address}' }]
  - { name: untrusted, tls: {}, backends: [{ name: stranger, address: '${secret.address}' }] }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0', buckets: [0.001, 0.01, 0.1, 1] }
tracing: { sample_rate: 1, endpoint: 'http://${collector}/api/traces' }
logging: { level: error }
`;
  const first = `{ name: one, address: '${one.address}' }`;
  const files = { 'a.crt': cert, 'a.key': key, 'ca.crt': authority.cert };
  const proxy = await labProxy(yaml(`${first}, { name: two, address: '${two.address}' }`), files);
  return { proxy, ca: authority.cert, edited: yaml(first) };
}

/** Requests over a kept-alive connection, and bytes through a tunnel, until the test is over. Before them, what is done and refused over TLS. */
async function traffic(proxy: LabProxy, ca: string): Promise<Repeated> {
  const short = await client(proxy.address('raw'));
  short.send('ping');
  short.end();
  const refused = await client(proxy.address('web'));
  refused.send('GET / HTTP/1.1\r\n\r\n');
  await refused.untilText('400 Bad Request');
  const { socket: secure } = await secureClient(proxy.address('secure'), { ca });
  expect((await get(secure)).body).toBe('secret');
  expect((await get(secure, '/untrusted')).status).toBe(502);
  const noTls = await client(proxy.address('secure'));
  noTls.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const tunnel = await client(proxy.address('raw'));
  return repeated(async () => {
    tunnel.send('ping');
    await (await fetch(`http://${proxy.address('web')}/some/path`)).text();
  });
}

async function scraping(proxy: LabProxy): Promise<Prometheus> {
  return startPrometheus(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: balance, static_configs: [{ targets: ['${proxy.adminAddress}'] }] }]
`);
}

describe.skipIf(missing !== '')(`Prometheus${missing}`, { timeout: 2 * SCRAPE_PATIENCE_MS }, () => {
  it("'s promtool finds nothing wrong with the live output", async () => {
    const { proxy, ca } = await start();
    const load = await traffic(proxy, ca);
    await eventually(() => load.count > 5, 'some requests are answered');
    const page = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
    expect(page).toContain('balance_requests_total{backend="one",method="GET",status="200"}');
    const inSeconds = page.replace(/^.*balance_tls_certificate_expiry_days.*\n/gm, '');
    expect(promtool(['check', 'metrics'], inSeconds)).toEqual({ output: '', status: 0 });
    // Days are for people; balance_tls_certificate_not_after_timestamp_seconds is what Prometheus would have.
    const days = 'balance_tls_certificate_expiry_days use base unit "seconds" instead of "days"\n';
    expect(promtool(['check', 'metrics'], page).output).toBe(days);
    const wrong = promtool(
      ['check', 'metrics'],
      inSeconds.replaceAll('balance_requests_total', 'balance_requests'),
    );
    expect(wrong.status).not.toBe(0);
  });

  it('scrapes a running proxy under traffic, with exemplars, and sees an edit', async () => {
    const { proxy, ca, edited } = await start();
    const load = await traffic(proxy, ca);
    const prometheus = await scraping(proxy);
    await scraped(
      async () => ((await prometheus.value('sum(balance_requests_total)')) ?? 0) > 20,
      'requests are seen',
    );

    await scraped(async () => {
      const { activeTargets } = await prometheus.api<{
        activeTargets: { health: string; lastError: string }[];
      }>('targets');
      return activeTargets[0]?.health === 'up' && activeTargets[0].lastError === '';
    }, 'a scrape is as it should be');
    const expected = METRIC_TABLE.map(({ name }) => name as string).filter(
      (name) => !ABSENT.includes(name) && !OF_SEVERAL_WORKERS.test(name),
    );
    let wrong: readonly string[] = [];
    await scraped(
      async () => {
        const names = await prometheus.query('count by (__name__) ({__name__=~"balance_.+"})');
        const families = names.map(({ metric }) => metric['__name__']?.replace(/_(?:bucket|sum|count)$/, ''));
        wrong = [
          ...expected.filter((name) => !families.includes(name)),
          ...families.filter((name): name is string => name !== undefined && !expected.includes(name)),
        ];
        return wrong.length === 0;
      },
      () => `all metrics are there and no others: ${wrong.join(', ')}`,
    );
    const metadata = await prometheus.api<Record<string, { type: string; help: string }[]>>('metadata');
    for (const { name, type, help } of METRIC_TABLE) {
      expect(metadata[name] ?? metadata[name.replace(/_total$/, '')]).toEqual([{ type, help, unit: '' }]);
    }

    // What dashboards and alerts ask.
    const rate = 'sum(rate(balance_requests_total{status="200"}[5s]))';
    await scraped(async () => ((await prometheus.value(rate)) ?? 0) > 0, 'there is a rate');
    const p95 = 'histogram_quantile(0.95, sum by (le) (rate(balance_request_duration_seconds_bucket[5s])))';
    await scraped(async () => ((await prometheus.value(p95)) ?? 0) > 0, 'there is a quantile');
    // The two whose certificates are refused: one fails its checks, to the other no connect succeeds.
    expect(await prometheus.value('min(balance_backend_health_status{backend!~"unknown|stranger"})')).toBe(1);
    expect(await prometheus.value('balance_tunnels_active{listener="raw",backend="echo"}')).toBe(1);
    const both = await prometheus.query('balance_tunnel_bytes_total{listener="raw",backend="echo"} > 0');
    expect(both.map(({ metric }) => metric['direction']).sort()).toEqual(['received', 'sent']);

    const exemplars = await prometheus.api<{ exemplars: { labels: Record<string, string> }[] }[]>(
      'query_exemplars',
      {
        query: 'balance_request_duration_seconds_bucket',
        start: String(Date.now() / 1000 - 60),
        end: String(Date.now() / 1000 + 60),
      },
    );
    expect(exemplars.flatMap((series) => series.exemplars)[0]?.labels).toEqual({
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });

    await proxy.change(edited);
    const gone = async (): Promise<boolean> => (await prometheus.query('{backend="two"}')).length === 0;
    await scraped(gone, 'the removed backend is gone');
    expect(await prometheus.value('balance_config_generation')).toBe(2);
    expect(await prometheus.value('balance_config_reloads_total{result="success",source="admin"}')).toBe(1);
    const sent = load.count;
    await scraped(
      async () => ((await prometheus.value('balance_requests_total{backend="one"}')) ?? 0) > sent / 2,
      'the other backend goes on',
    );
  });
});
