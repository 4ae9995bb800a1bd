import { describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { MortalBackend } from './mortal-backend.ts';

async function start(
  workers: number,
  backends: readonly MortalBackend[],
  upstream: string,
): Promise<LabProxy> {
  const list = backends.map(({ name, address }) => `{ name: ${name}, address: '${address}' }`);
  return labProxy(`
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${list.join(', ')}]
    ${upstream}
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
`);
}

/** One request on a connection of its own. */
async function ask(proxy: LabProxy): Promise<{ status: number; body: string; headers: Headers }> {
  const answer = await fetch(`http://${proxy.address()}/`, { headers: { connection: 'close' } });
  return { status: answer.status, body: await answer.text(), headers: answer.headers };
}

/** Requests until the log has that line. */
async function untilLogged(proxy: LabProxy, line: string): Promise<void> {
  await eventually(async () => {
    await ask(proxy);
    return (await proxy.log()).includes(line);
  }, `"${line}" is logged`);
}

async function shown(proxy: LabProxy, metric: string, labels: Readonly<Record<string, string>>) {
  return (await ScrapedMetrics.from(proxy.adminAddress)).sum(metric, labels);
}

buildProgram();

describe.each([1, 2])('with %i workers', { timeout: 60_000 }, (workers) => {
  it('a backend that fails is ejected, is shown so, and comes back when its time is over', async () => {
    const fails = await MortalBackend.start('fails');
    const works = await MortalBackend.start('works');
    fails.mood = 500;
    const proxy = await start(
      workers,
      [fails, works],
      'outlier_detection: { base_ejection_time: 2s, max_ejection_percent: 50 }',
    );
    await untilLogged(proxy, 'WARN backend ejected');
    expect(await proxy.log()).toContain('failures in a row: 5, the last one: status 500');
    const labels = { backend: 'fails' };
    expect(await shown(proxy, 'balance_upstream_ejected', { upstream: 'app' })).toBe(1);
    expect(await shown(proxy, 'balance_backend_state', { ...labels, state: 'ejected' })).toBe(1);
    expect(await shown(proxy, 'balance_backend_health_status', labels)).toBe(0);
    expect(
      await shown(proxy, 'balance_backend_ejections_total', { ...labels, reason: 'consecutive_failures' }),
    ).toBe(1);
    fails.mood = 200;
    await untilLogged(proxy, 'backend is back from ejection');
    await eventually(async () => (await ask(proxy)).body === 'fails', 'it serves again');
    expect(await shown(proxy, 'balance_upstream_ejected', { upstream: 'app' })).toBe(0);
  });

  it('the last backend is never ejected', async () => {
    const only = await MortalBackend.start('only');
    only.mood = 500;
    const proxy = await start(workers, [only], 'outlier_detection: { max_ejection_percent: 100 }');
    for (let time = 0; time < 30; time++) expect((await ask(proxy)).status).toBe(500);
    expect(await proxy.log()).not.toContain('backend ejected');
    expect(only.requests).toBe(30);
  });

  it('a circuit breaker answers at once while it is open, tries the backend out, and closes', async () => {
    const backend = await MortalBackend.start();
    backend.mood = 500;
    const proxy = await start(
      workers,
      [backend],
      'resilience: { circuit_breaker: { enabled: true, max_failures: 3, timeout: 2s, recovery: 0 } }',
    );
    await untilLogged(proxy, 'WARN circuit breaker opened');
    const before = backend.requests;
    const refused = await eventually(async () => {
      const answer = await ask(proxy);
      return answer.status === 503 ? answer : undefined;
    }, 'the breaker is open in all workers');
    expect(refused.headers.get('x-balance-reason')).toBe('circuit_open');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await shown(proxy, 'balance_circuit_breaker_state', { backend: 'b' })).toBe(2);
    expect(await shown(proxy, 'balance_circuit_breaker_open_total', { backend: 'b' })).toBe(1);
    expect(backend.requests - before).toBeLessThan(workers + 1);
    backend.mood = 200;
    await untilLogged(proxy, 'circuit breaker is closed');
    await eventually(async () => (await ask(proxy)).status === 200, 'it serves again');
    expect(await shown(proxy, 'balance_circuit_breaker_state', { backend: 'b' })).toBe(0);
  });

  it('a backend that is ejected is not counted as one that fails its checks', async () => {
    const fails = await MortalBackend.start('fails');
    const works = await MortalBackend.start('works');
    fails.mood = 500;
    const proxy = await start(workers, [fails, works], 'outlier_detection: {}');
    await untilLogged(proxy, 'WARN backend ejected');
    for (let time = 0; time < 10; time++) await ask(proxy);
    const labels = { backend: 'fails', reason: 'unhealthy' };
    expect(await shown(proxy, 'balance_backend_passed_over_total', labels)).toBe(0);
  });
});
