import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

/**
 * Dashboards and alerts of users name these. Another name, type or set of labels breaks them without a word, so each of them
 * stands here once more, apart from the table that the proxy makes them from.
 */
const PROMISED: readonly (readonly [name: string, type: string, labels: readonly string[]])[] = [
  ['balance_requests_total', 'counter', ['backend', 'method', 'status']],
  ['balance_request_duration_seconds', 'histogram', ['backend', 'method']],
  ['balance_request_errors_total', 'counter', ['backend', 'error_type']],
  ['balance_backend_connections_active', 'gauge', ['backend']],
  ['balance_backend_health_status', 'gauge', ['backend']],
  ['balance_backend_requests_in_flight', 'gauge', ['backend']],
  ['balance_circuit_breaker_state', 'gauge', ['backend']],
  ['balance_circuit_breaker_open_total', 'counter', ['backend']],
  ['balance_pool_connections_active', 'gauge', ['backend']],
  ['balance_pool_connections_idle', 'gauge', ['backend']],
  ['balance_pool_connections_created_total', 'counter', ['backend']],
  ['balance_pool_connections_reused_total', 'counter', ['backend']],
];

/** The names of the labels in each series of a metric, `le` left out, each set once. */
function labelsOf({ text }: ScrapedMetrics, name: string): string[][] {
  const series = new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm');
  const sets = [...text.matchAll(series)].map(([, labels = '']) =>
    [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le'),
  );
  return [...new Map(sets.map((set) => [set.join(), set])).values()];
}

async function observed(): Promise<LabProxy> {
  const server = await backend(answering(() => ok()));
  const proxy = await labProxy(`
mode: http
listen: '127.0.0.1:0'
backends: [{ name: one, address: '${server.address}' }, { name: gone, address: '${await deadAddress()}' }]
http: { routes: [{ path_prefix: /gone, backends: [gone] }, { path_prefix: /, backends: [one] }] }
connection_pool: { enabled: true, max_size: 10, max_idle_time: 5m }
resilience: { circuit_breaker: { enabled: true } }
metrics: { enabled: true, listen: '127.0.0.1:0', path: /metrics }
logging: { level: fatal, access_log: false }
`);
  const socket = await client(proxy.address());
  for (const path of ['/', '/', '/gone']) await get(socket, path);
  return proxy;
}

describe('the metrics that dashboards name', () => {
  it('are there with their types and exactly their labels', async () => {
    const proxy = await observed();
    const page = await eventually(async () => {
      const scraped = await ScrapedMetrics.from(proxy.adminAddress);
      return scraped.sum('balance_requests_total') === 3 ? scraped : undefined;
    }, 'three requests are counted');
    for (const [name, type, labels] of PROMISED) {
      expect(page.text).toContain(`\n# TYPE ${name} ${type}\n`);
      expect([name, labelsOf(page, name)]).toEqual([name, [labels]]);
    }
  });

  it('say what happened', async () => {
    const proxy = await observed();
    const page = await eventually(async () => {
      const scraped = await ScrapedMetrics.from(proxy.adminAddress);
      const isOver =
        scraped.sum('balance_requests_total') === 3 && scraped.sum('balance_pool_connections_idle') === 1;
      return isOver ? scraped : undefined;
    }, 'three requests are counted, and the socket to the backend is idle again');
    const values = PROMISED.filter(([, type]) => type !== 'histogram').map(([name]) => [
      name.replace('balance_', ''),
      page.sum(name, { backend: 'one' }),
    ]);
    expect(Object.fromEntries(values)).toEqual({
      requests_total: 2,
      request_errors_total: 0,
      backend_connections_active: 1,
      backend_health_status: 1,
      backend_requests_in_flight: 0,
      circuit_breaker_state: 0,
      circuit_breaker_open_total: 0,
      pool_connections_active: 0,
      pool_connections_idle: 1,
      pool_connections_created_total: 1,
      pool_connections_reused_total: 1,
    });
    expect(page.sum('balance_requests_total', { backend: 'gone', method: 'GET', status: '502' })).toBe(1);
    expect(page.sum('balance_request_errors_total', { backend: 'gone', error_type: 'connect_failed' })).toBe(
      1,
    );
    expect(page.sum('balance_request_duration_seconds_count', { backend: 'one', method: 'GET' })).toBe(2);
  });
});
