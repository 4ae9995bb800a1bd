import { describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { FAULTS, FaultyBackend } from '../../support/faults/faulty-backend.ts';
import { ask, FaultScene } from '../../support/faults/fault-scene.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { startProxy } from '../../support/labs/start-proxy.ts';
import { owned } from '../../support/owned.ts';
import { eventually } from '../../support/time/eventually.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

// Workers run the compiled files.
buildProgram();

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe.each([
  { workers: TEST_WORKERS, faults: FAULTS },
  { workers: 2, faults: ['resets in the body', 'stalls', 'answers 500'] as const },
])('with $workers workers, a request', ({ workers, faults }) => {
  it.each(faults)('that waits for the only place of a backend gets it when that one %s', async (fault) => {
    const bad = await FaultyBackend.start('bad', fault);
    bad.failures = 1;
    const proxy = owned(
      await startProxy(`
workers: ${String(workers)}
listen: '127.0.0.1:0'
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
timeouts: { read: 300ms }
queue: { max_size: 10, timeout: 1h }
backends: [{ name: bad, address: '${bad.address}', max_connections: 1 }]
`),
    );
    const sights = await Promise.all(Array.from({ length: 4 }, () => ask(proxy.address(), GET)));
    expect(sights.filter(({ what }) => what !== 'ok').length).toBeLessThanOrEqual(1);
    // Nothing of the requests is left: the place is free.
    await eventually(async () => {
      const metrics = await ScrapedMetrics.from(proxy.adminAddress);
      return metrics.sum('balance_backend_requests_in_flight') === 0;
    }, 'no request is in flight');
    expect((await ask(proxy.address(), GET)).what).toBe('ok');
  });
});

describe('a mirror that', () => {
  it.each(FAULTS)('%s costs no request anything', async (fault) => {
    const [mirror, good] = [await FaultyBackend.start('mirror', fault), await FaultyBackend.start('good')];
    const proxy = owned(
      await startProxy(`
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
listeners:
  - { listen: '127.0.0.1:0', http: { routes: [{ upstream: web, mirror: { upstream: next } }] } }
upstreams:
  - { name: web, backends: [{ address: '${good.address}' }] }
  - { name: next, backends: [{ address: '${mirror.address}' }], timeouts: { read: 200ms } }
`),
    );
    for (let request = 0; request < 3; request++) expect((await ask(proxy.address(), GET)).what).toBe('ok');
    await eventually(async () => {
      const metrics = await ScrapedMetrics.from(proxy.adminAddress);
      return metrics.sum('balance_mirrored_requests_total', { upstream: 'next' }) === 3;
    }, 'all copies are over');
    expect(good.tries).toBe(3);
  });
});

describe('a client whose backend', () => {
  const STICKY = `
sticky: { name: node, secret: 0123456789abcdef }
resilience: { retry: { initial_delay: 0, on: [reset, timeout, 500-599], per_try_timeout: 300ms } }`;

  it.each([
    ['resets at accept', 'ok, moved'],
    ['ends without a response', 'ok, moved'],
    ['resets without a response', 'ok, moved'],
    ['stalls', 'ok, moved'],
    ['answers 500', 'ok, moved'],
    // Nothing is tried again.
    ['resets in the head', '502'],
    ['resets in the body', 'cut'],
    ['answers garbage', '502'],
  ] as const)('%s sees: %s', async (fault, expected) => {
    const scene = await FaultScene.start('answers 500', STICKY);
    const { bad, good } = scene;
    bad!.fault = undefined;
    const { cookie = '' } = await scene.ask(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect([bad!.tries, good.tries]).toEqual([1, 0]);
    bad!.fault = fault;
    bad!.closeIdle();
    const sight = await scene.ask(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n\r\n`);
    const moved = sight.cookie !== undefined && sight.cookie !== cookie;
    expect(`${sight.what}${moved ? ', moved' : ''}`).toBe(expected);
    expect(good.tries).toBe(moved ? 1 : 0);
  });

  it('closes an idle connection just then stays with it', async () => {
    const scene = await FaultScene.start('resets without a response', `workers: 1${STICKY}`);
    const { bad, good } = scene;
    bad!.fault = undefined;
    const { cookie = '' } = await scene.ask();
    bad!.fault = 'resets without a response';
    bad!.failures = 1;
    const sight = await scene.ask(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n\r\n`);
    expect([sight.what, sight.cookie, good.tries]).toEqual(['ok', undefined, 0]);
  });
});
