import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { CountingBackend } from '../../support/peers/counting-backend.ts';
import { askOnce, crowd } from '../../support/peers/crowd.ts';
import { eventually } from '../../support/time/eventually.ts';
import { ThreadList } from '../../support/workers/thread-list.ts';

const CLIENTS = 1_000;
const LIMIT = 10;
/** The highest limit that an edit sets. */
const MOST = 20;
const KILLS = 8;
/** Four workers start in each test, on as many cores as there are. */
const TIME_LIMIT_MS = 240_000;

interface Limits {
  readonly mode?: 'http' | 'tcp';
  /** `max_connections` of the listener. */
  readonly listener?: number;
  /** `max_connections` of the backend. */
  readonly backend?: number;
  /** Further keys of the upstream. */
  readonly upstream?: string;
}

function config(backends: readonly { readonly address: string }[], limits: Limits): string {
  const { mode = 'http', listener = 0, backend = 0, upstream = '' } = limits;
  const list = backends.map(({ address }) => `{ address: '${address}', max_connections: ${backend} }`);
  return `
workers: 4
listeners: [{ name: front, listen: '127.0.0.1:0', mode: ${mode}, upstream: pool, max_connections: ${listener} }]
upstreams:
  - name: pool
    backends: [${list.join(', ')}]
    ${upstream}
`;
}

/** A queue in which all clients have a place, for as long as the test may take. */
const LONG_QUEUE = 'queue: { max_size: 2000, timeout: 60s }';

buildProgram();

describe('limits over four workers', { timeout: TIME_LIMIT_MS }, () => {
  it('serve no connection more than max_connections of a listener', async () => {
    const backend = await CountingBackend.start({ workMs: 20 });
    const open = backend.hold();
    const proxy = await labProxy(config([backend], { mode: 'tcp', listener: LIMIT }));
    let refused = 0;
    const clients = crowd(CLIENTS, async () => {
      const answer = await askOnce(proxy.address(), 'x');
      if (answer === '') refused += 1;
      return answer;
    });
    await eventually(() => refused === CLIENTS - LIMIT, 'all but those who have a place are refused');
    await eventually(() => backend.running === LIMIT, 'all places are used');
    open();
    expect(await clients).toEqual(
      new Map([
        ['', CLIENTS - LIMIT],
        ['ok', LIMIT],
      ]),
    );
    for (let round = 0; round < 5; round++) await crowd(CLIENTS / 5, () => askOnce(proxy.address(), 'x'));
    expect(backend.most).toBe(LIMIT);
  });

  it.each(['http', 'tcp'] as const)(
    'serve all in the end, and never more than max_connections of a backend: %s',
    async (mode) => {
      const backend = await CountingBackend.start({ isHttp: mode === 'http', workMs: 5 });
      const proxy = await labProxy(config([backend], { mode, backend: LIMIT, upstream: LONG_QUEUE }));
      const answers = await crowd(CLIENTS, () => askOnce(proxy.address()));
      expect(answers).toEqual(new Map([[mode === 'http' ? '200' : 'ok', CLIENTS]]));
      expect([backend.most, backend.requests]).toEqual([LIMIT, CLIENTS]);
    },
  );

  it('hold while a worker ends each second', async () => {
    const threads = ThreadList.follow();
    const backend = await CountingBackend.start({ isHttp: true, workMs: 25 });
    const proxy = await labProxy(config([backend], { backend: LIMIT, listener: 900, upstream: LONG_QUEUE }));
    const started = threads.serving;
    let retries = 0;
    const untilServed = async (): Promise<string> => {
      for (;;) {
        const answer = await askOnce(proxy.address());
        // Those of a worker that ends are cut off; above the limit of the listener they are refused.
        if (answer !== '') return answer;
        retries += 1;
        await wait(20);
      }
    };
    const clients = crowd(2 * CLIENTS, untilServed);
    for (let kill = 0; kill < KILLS && backend.requests < 2 * CLIENTS; kill++) {
      await wait(1_000);
      await threads.serving[kill % threads.serving.length]?.terminate();
    }
    expect(await clients).toEqual(new Map([['200', 2 * CLIENTS]]));
    // The backend may learn that the requests of a worker are cut off after others got their places.
    expect(backend.most).toBeLessThan(2 * LIMIT);
    expect(retries).toBeGreaterThan(0);
    expect(threads.serving.some((thread) => !started.includes(thread))).toBe(true);
    // Nothing of those that ended is left: all places are given again, and no further one.
    await eventually(() => threads.serving.length === started.length, 'all workers run again');
    backend.most = 0;
    await crowd(CLIENTS / 2, untilServed);
    expect(backend.most).toBe(LIMIT);
  });

  it('follow an edit in all workers at once', async () => {
    const backend = await CountingBackend.start({ isHttp: true, workMs: 5 });
    const withLimit = (limit: number): string => config([backend], { backend: limit, upstream: LONG_QUEUE });
    const proxy = await labProxy(withLimit(LIMIT));
    const clients = crowd(2 * CLIENTS, () => askOnce(proxy.address()));
    for (const limit of [15, 3, 12, 1, MOST]) {
      await eventually(() => backend.running > 0, 'requests run');
      await proxy.change(withLimit(limit));
      await eventually(() => backend.running <= limit, 'no more run than the new limit allows');
      // Those that got their places before the edit may still be on their way to the backend.
      const begun = backend.requests;
      await eventually(() => backend.requests > begun + 2 * MOST, 'these have come');
      backend.most = 0;
      const seen = backend.requests;
      await eventually(() => backend.requests > seen + 100, 'further requests came');
      await eventually(() => backend.most >= limit, 'as many run as the new limit allows');
      expect(backend.most).toBe(limit);
    }
    expect(await clients).toEqual(new Map([['200', 2 * CLIENTS]]));
  });

  it('let exactly max_size wait in a queue', async () => {
    const backend = await CountingBackend.start({ isHttp: true });
    const open = backend.hold();
    const proxy = await labProxy(
      config([backend], { backend: 1, upstream: 'queue: { max_size: 7, timeout: 60s }' }),
    );
    let refused = 0;
    const clients = crowd(200, async () => {
      const answer = await askOnce(proxy.address());
      if (answer.includes(' 503 ')) refused += 1;
      return answer;
    });
    await eventually(() => refused === 192, 'all but those who have a place are refused');
    open();
    expect(await clients).toEqual(
      new Map([
        ['200', 8],
        ['503', 192],
      ]),
    );
    expect(backend.most).toBe(1);
  });

  it('serve those who wait in the order in which they came, at whichever worker', async () => {
    const order: string[] = [];
    const answers: (() => void)[] = [];
    const server = owned(
      createServer((request, response) => {
        order.push(request.url ?? '');
        answers.push(() => response.end('ok'));
      }).listen(0, '127.0.0.1'),
    );
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const seen = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\n`;
    const proxy = await labProxy(config([{ address }], { backend: 1, upstream: LONG_QUEUE }) + seen);
    const paths = Array.from({ length: 24 }, (_, number) => `/${number}`);
    const clients: Promise<string>[] = [];
    for (const path of paths) {
      clients.push(
        askOnce(proxy.address(), `GET ${path} HTTP/1.1\r\nHost: crowd\r\nConnection: close\r\n\r\n`),
      );
      await eventually(async () => {
        const metrics = await ScrapedMetrics.from(proxy.adminAddress);
        return order.length + metrics.sum('balance_queue_waiting') === clients.length;
      }, 'it waits');
    }
    for (let served = 1; served <= paths.length; served += 1) {
      await eventually(() => answers.length === 1, 'the next one is served');
      answers.pop()?.();
    }
    await Promise.all(clients);
    expect(order.toSorted()).toEqual(paths.toSorted());
    // A worker that the machine holds up for some milliseconds lets others pass, so that a blocked one holds up nobody. Workers that serve
    // their own clients first would be out of order in half of all pairs.
    const places = order.map((path) => paths.indexOf(path));
    const passed = places.flatMap((place, at) => places.slice(at + 1).filter((later) => later < place));
    expect(passed.length).toBeLessThan((paths.length * (paths.length - 1)) / 8);
  });

  it('give each backend its exact share of the turns', async () => {
    const backends = await Promise.all([1, 2, 3].map(() => CountingBackend.start({ isHttp: true })));
    const proxy = await labProxy(config(backends, { upstream: 'load_balancer: { algorithm: round-robin }' }));
    expect(await crowd(600, () => askOnce(proxy.address()))).toEqual(new Map([['200', 600]]));
    expect(backends.map(({ requests }) => requests)).toEqual([200, 200, 200]);
  });

  it('use no more sockets of a pool than max_size', async () => {
    const backend = await CountingBackend.start({ isHttp: true, workMs: 5 });
    const pool = 'connection_pool: { max_size: 5, acquire_timeout: 60s }';
    const proxy = await labProxy(config([backend], { upstream: `${LONG_QUEUE}\n    ${pool}` }));
    expect(await crowd(CLIENTS, () => askOnce(proxy.address()))).toEqual(new Map([['200', CLIENTS]]));
    expect(backend.most).toBe(5);
  });
});
