import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';

/** A backend that answers with its name after so many ms. */
async function slowBy(name: string, delayMs: number): Promise<string> {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end(name), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `{ name: ${name}, address: '127.0.0.1:${(server.address() as AddressInfo).port}' }`;
}

async function ask(proxy: LabProxy): Promise<string> {
  return (await fetch(`http://${proxy.address()}/`)).text();
}

buildProgram();

describe.each([1, 2])('with %i workers', { timeout: 60_000 }, (workers) => {
  it('a backend that is much slower than the others is ejected, and none is where times are not compared', async () => {
    const backends = [await slowBy('a', 0), await slowBy('b', 0), await slowBy('c', 500)];
    const yaml = (outliers: string): string => `
workers: ${workers}
listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${backends.join(', ')}]
    outlier_detection: { interval: 3s, base_ejection_time: 1h, ${outliers} }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
`;
    const proxy = await labProxy(yaml('max_ejection_percent: 100'));
    for (let round = 0; round < 9; round += 1) await ask(proxy);
    await proxy.change(yaml('max_ejection_percent: 100, latency: { factor: 2, min_requests: 1 }'));
    await eventually(async () => {
      await Promise.all(Array.from({ length: 6 }, () => ask(proxy)));
      return (await proxy.log()).includes('backend ejected');
    }, 'the slow backend is ejected');
    const lines = (await proxy.log()).split('\n').filter((line) => line.includes('backend ejected'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /backend=c .*mean time to the first byte \d+\.\d ms, while the median of the others is/,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(proxy)));
    expect(new Set(answers)).toEqual(new Set(['a', 'b']));
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_backend_ejections_total', { backend: 'c', reason: 'latency' })).toBe(1);
  });

  it('a panic is logged once for all workers, and an edit does not log it again', async () => {
    const backends = [await slowBy('a', 0), await slowBy('b', 0)];
    const yaml = (more = ''): string => `
workers: ${workers}
listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${backends.join(', ')}]
    outlier_detection: { panic_threshold: 60 }
    health_check: { type: http, expected_status: 418, interval: 50ms, timeout: 40ms, unhealthy_threshold: 1 }
    ${more}
`;
    const proxy = await labProxy(yaml());
    await proxy.untilLogged('too few backends are healthy');
    await proxy.change(yaml('queue: { max_size: 7 }'));
    expect(await ask(proxy)).toMatch(/[ab]/);
    const lines = (await proxy.log()).split('\n');
    expect(lines.filter((line) => line.includes('too few backends are healthy'))).toHaveLength(1);
    await proxy.change(
      yaml('queue: { max_size: 8 }')
        .replace('418', '200')
        // A worker that took the edit late must not begin with what the other one has just heard to be over.
        .replace('interval: 50ms, timeout: 40ms', 'interval: 1s, timeout: 900ms')
        .replace('panic_threshold: 60', 'panic_threshold: 40'),
    );
    await proxy.untilLogged('enough backends are healthy');
  });
});
