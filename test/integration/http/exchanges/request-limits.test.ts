import { describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { fieldValues, statusOf } from '../../../support/peers/http-message.ts';
import type { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { owned } from '../../../support/owned.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { ask } from '../retries/retries-scene.ts';
import { get } from '../scene.ts';

/** A proxy in front of these backends, which may work on one request each. */
async function limited(
  backends: readonly RecordingBackend[],
  yaml: string,
  limit = 1,
): Promise<RunningProxy> {
  const lines = backends.map(
    ({ address }, index) =>
      `  - { name: b${String(index)}, address: "${address}", max_requests: ${String(limit)} }`,
  );
  const head = [
    'listen: "127.0.0.1:0"',
    'admin: { listen: "127.0.0.1:0" }',
    'metrics: { listen: "127.0.0.1:0" }',
  ];
  return owned(
    await startProxy([...head, 'reload: { watch: false }', 'backends:', ...lines, yaml].join('\n')),
  );
}

/** A backend that answers all requests once the test says so. */
async function held(): Promise<{ server: RecordingBackend; go: () => void; requests: () => number }> {
  let go: () => void = () => undefined;
  let requests = 0;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const server = await backend(
    answering(async () => {
      requests += 1;
      await gate;
      return ok('held');
    }),
  );
  return { server, go, requests: () => requests };
}

describe('max_requests', () => {
  it('sends further requests to another backend', async () => {
    const slow = await held();
    const other = await backend(answering(() => ok('other')));
    const proxy = await limited([slow.server, other], 'load_balancer: { algorithm: least-connections }');
    const first = [ask(proxy, get()), ask(proxy, get())];
    await eventually(() => slow.requests() === 1, 'one request waits at the backend');
    for (let request = 0; request < 4; request++)
      expect((await ask(proxy, get())).body.toString()).toBe('other');
    slow.go();
    expect((await Promise.all(first)).map(statusOf)).toEqual([200, 200]);
  });

  it('lets requests wait in the queue, in all workers together', async () => {
    const slow = await held();
    const proxy = await limited([slow.server], 'queue: { max_size: 10, timeout: 30s }\nworkers: 2', 2);
    const answers = Array.from({ length: 6 }, () => ask(proxy, get()));
    await eventually(
      async () => (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_queue_waiting') === 4,
      'four requests wait',
    );
    expect(slow.requests()).toBe(2);
    slow.go();
    expect(new Set((await Promise.all(answers)).map(statusOf))).toEqual(new Set([200]));
  });

  it('refuses requests with 503 and Retry-After when the queue is full', async () => {
    const slow = await held();
    const proxy = await limited([slow.server], 'queue: { max_size: 0 }');
    const first = ask(proxy, get());
    await eventually(() => slow.requests() === 1, 'one request waits at the backend');
    const refused = await ask(proxy, get());
    expect(statusOf(refused)).toBe(503);
    expect(fieldValues(refused, 'retry-after')).toHaveLength(1);
    expect(fieldValues(refused, 'x-balance-reason')).toEqual(['queue_full']);
    slow.go();
    expect(statusOf(await first)).toBe(200);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_backend_passed_over_total', { reason: 'max_requests' })).toBe(1);
  });

  it('does not count a WebSocket once it is open', async () => {
    const echo = await backend(
      answering(
        () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
    );
    const proxy = await limited([echo], 'queue: { max_size: 0 }');
    const upgrade = get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    for (let tunnel = 0; tunnel < 3; tunnel++) expect(statusOf(await ask(proxy, upgrade))).toBe(101);
  });
});

describe('adaptive_concurrency', () => {
  it('bounds the requests at a backend, and shows its limit', async () => {
    const slow = await held();
    const adaptive = 'adaptive_concurrency: { initial_limit: 4, min_limit: 2 }';
    const yaml = `queue: { max_size: 10, timeout: 30s }\nresilience: { ${adaptive} }\nworkers: 2`;
    const proxy = await limited([slow.server], yaml, 0);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_adaptive_concurrency_limit', { backend: 'b0' })).toBe(4);
    const answers = Array.from({ length: 12 }, () => ask(proxy, get()));
    await eventually(
      async () => (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_queue_waiting') >= 8,
      'the others wait',
    );
    expect(slow.requests()).toBeLessThanOrEqual(4);
    slow.go();
    expect(new Set((await Promise.all(answers)).map(statusOf))).toEqual(new Set([200]));
  });
});
