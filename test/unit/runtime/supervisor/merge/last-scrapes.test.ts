import { describe, expect, it } from 'vitest';

import type { TunnelReading } from '../../../../../src/readings/tunnel.ts';
import type { ThreadScrape } from '../../../../../src/readings/proxy.ts';
import { LastScrapes } from '../../../../../src/runtime/supervisor/merge/last-scrapes.ts';

const GAUGES = { connectionsActive: 3, expectsTls: 0, hellosAwaited: 0, handshakesActive: 0 } as const;
const REFUSALS = {
  proxyRefused_untrusted: 0,
  proxyRefused_missing: 0,
  proxyRefused_malformed: 0,
  proxyRefused_too_large: 0,
  proxyRefused_checksum: 0,
  proxyRefused_incomplete: 0,
  proxyRefused_timeout: 0,
};

/** What a thread says that has accepted so many connections. */
function scrape(id: number, accepted: number, tunnels: readonly TunnelReading[] = []): ThreadScrape {
  return {
    numbers: new Float64Array([accepted]),
    texts: [],
    bounds: [],
    telemetry: {
      spans: { exported: accepted, dropped: 1 },
      droppedLogLines: 0,
      pluginFailures: [{ plugin: 'odd', count: 1 }],
      subscriberFailures: 0,
    },
    runtime: undefined,
    proxy: {
      generations: [{ id: 1, hash: 'a', loadedAtMs: 1, isLive: true, active: accepted }],
      listeners: [
        {
          id,
          name: 'web',
          address: '127.0.0.1:80',
          protocol: 'http',
          maxConnections: 0,
          acceptDescriptors: 1,
          draining: false,
          counts: { accepted, refused: 0, shed: 0, rests: 0, bytesReceived: 0, bytesSent: 0, ...REFUSALS },
          gauges: { ...GAUGES, handshakesMax: 0, demandsProxyHeader: 0 },
        },
      ],
      routes: [],
      backends: [],
      upstreams: [],
      queues: [{ upstream: 'api', waiting: 2 }],
      tunnels,
      hostNames: [],
      shortages: { accept: accepted, connect: 0, check: 0 },
      openFilesLimit: undefined,
      unanswered: [],
    },
  };
}

const tunnel = { listener: 'web', backend: undefined, active: 1, total: 4, bytesReceived: 10, bytesSent: 20 };
const accepted = (scrapes: LastScrapes): [number, number, number][] =>
  scrapes
    .read(new Set())!
    .proxy.listeners.map(({ id, counts, gauges }) => [id, counts.accepted, gauges.connectionsActive]);

describe('what workers said last', () => {
  it('is nothing before any has answered', () => {
    expect(new LastScrapes().read(new Set())).toBeUndefined();
  });

  it('stays for one that does not answer', () => {
    const scrapes = new LastScrapes();
    scrapes.took(1, scrape(1, 5));
    scrapes.took(2, scrape(100, 7));
    scrapes.took(1, scrape(1, 6));
    expect(accepted(scrapes)).toEqual([
      [1, 6, 3],
      [100, 7, 3],
    ]);
    expect(scrapes.read(new Set())?.counts.counters).toHaveLength(2);
  });

  it('counts on when a worker has ended, but nothing of it runs; its replacement stands in its place', () => {
    const scrapes = new LastScrapes();
    scrapes.took(1, scrape(1, 5, [tunnel]));
    scrapes.took(2, scrape(100, 7, [tunnel]));
    expect([...scrapes.ended(1)!.numbers]).toEqual([5]);
    expect(scrapes.ended(1)).toBeUndefined();
    expect(accepted(scrapes)).toEqual([
      [100, 7, 3],
      [1, 5, 0],
    ]);
    const after = scrapes.read(new Set())!;
    expect(after.proxy.tunnels).toEqual([
      { listener: 'web', backend: undefined, active: 1, total: 8, bytesReceived: 20, bytesSent: 40 },
    ]);
    expect(after.proxy.shortages.accept).toBe(12);
    expect(after.proxy.queues).toEqual([
      { upstream: 'api', waiting: 2 },
      { upstream: 'api', waiting: 0 },
    ]);
    expect(after.counts.counters).toHaveLength(1);
    expect(after.counts.telemetry.map(({ spans }) => spans.exported)).toEqual([7, 5]);
    scrapes.took(1, scrape(200, 1));
    expect(accepted(scrapes)).toEqual([
      [100, 7, 3],
      [200, 1, 3],
    ]);
    expect(scrapes.read(new Set())?.proxy.shortages.accept).toBe(13);
  });

  it('has the names of all that one of them shows, also of one that has ended', () => {
    const scrapes = new LastScrapes();
    expect(scrapes.names()).toEqual({ backends: [], listeners: [], upstreams: [] });
    scrapes.took(1, scrape(1, 5));
    scrapes.took(2, scrape(100, 7));
    for (const worker of [1, 2]) scrapes.ended(worker);
    expect(scrapes.names()).toEqual({ backends: [], listeners: ['web'], upstreams: ['api'] });
    // Their upstreams stay, so that nobody forgets what was counted for these.
    expect(scrapes.read(new Set())?.proxy.queues.map(({ waiting }) => waiting)).toEqual([0, 0]);
  });

  it('is bounded: the tunnels of a listener that is gone are forgotten', () => {
    const scrapes = new LastScrapes();
    scrapes.took(1, scrape(1, 5, [{ ...tunnel, listener: 'gone' }]));
    scrapes.took(2, scrape(100, 7));
    scrapes.ended(1);
    expect(scrapes.read(new Set())?.proxy.tunnels).toEqual([]);
  });
});
