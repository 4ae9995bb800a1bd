import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { answering, ok } from '../support/peers/answering.ts';
import { backend } from '../support/peers/backends.ts';
import { client } from '../support/peers/clients.ts';
import { deadAddress } from '../support/addresses/dead-address.ts';
import { get } from '../support/peers/http-talk.ts';
import { labProxy } from '../support/labs/lab-proxy.ts';
import {
  missingPrometheus,
  SCRAPE_PATIENCE_MS,
  scraped,
  startPrometheus,
  type QueriedSeries,
} from '../support/collectors/prometheus.ts';
import { repeated } from '../support/time/repeated.ts';

const missing = missingPrometheus();
const DOCUMENT = new URL('../../src/telemetry/metrics/README.md', import.meta.url);

/** The queries of the document by the first words of their comments. */
function documented(): ReadonlyMap<string, string> {
  const text = readFileSync(DOCUMENT, 'utf8');
  const block = /<!-- queries -->\s+```promql\n([^]*?)```/.exec(text)?.[1] ?? '';
  const parts = block.trim().split('\n\n');
  return new Map(
    parts.map((part) => {
      const [comment = '', ...query] = part.split('\n');
      return [comment.replace(/^# ([^(:]*[^(: ]).*$/, '$1'), query.join('\n')];
    }),
  );
}

describe.skipIf(missing !== '')(`documented queries${missing}`, { timeout: 2 * SCRAPE_PATIENCE_MS }, () => {
  it('give what they are said to give', async () => {
    const server = await backend(answering(() => ok('one')));
    const dead = await deadAddress();
    // A gateway that serves its metrics on its own port, as it does by default.
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
routes:
  - { path: /good, backends: ['http://${server.address}'] }
  - { path: /bad, backends: ['http://${dead}'] }
health_check: { enabled: false }
logging: { level: error, access_log: false }
`);
    const socket = await client(proxy.address());
    repeated(async () => {
      await get(socket, '/good');
      await get(socket, '/bad');
    });
    const prometheus = await startPrometheus(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: balance, static_configs: [{ targets: ['${proxy.address()}'] }] }]
`);
    const queries = documented();
    expect([...queries.keys()]).toEqual(['Request rate', 'Error rate', 'P95 latency', 'Pool utilization']);
    const result = (name: string): Promise<QueriedSeries[]> => prometheus.query(queries.get(name) ?? '');
    const valueOf = (series: readonly QueriedSeries[], address: string): number | undefined =>
      series.find(({ metric }) => metric['backend'] === `http://${address}`)?.value;
    await scraped(async () => valueOf(await result('Error rate'), dead) === 1, 'the dead backend only fails');
    expect(valueOf(await result('Error rate'), server.address)).toBe(0);
    expect(valueOf(await result('Request rate'), server.address)).toBeGreaterThan(0);
    expect(valueOf(await result('P95 latency'), server.address)).toBeGreaterThan(0);
    const used = valueOf(await result('Pool utilization'), server.address) ?? -1;
    expect(used).toBeGreaterThanOrEqual(0);
    expect(used).toBeLessThanOrEqual(1);
    // The error rate as it is often written: labels that never match.
    expect(
      await prometheus.query('rate(balance_request_errors_total[5m]) / rate(balance_requests_total[5m])'),
    ).toEqual([]);
  });
});
