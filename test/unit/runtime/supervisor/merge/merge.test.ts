import { describe, expect, it } from 'vitest';

import type { MemberState } from '../../../../../src/readings/upstreams/upstream.ts';
import type {
  BackendDetails,
  BackendReading,
  PoolReading,
} from '../../../../../src/readings/upstreams/backend.ts';
import type { ConnectionReading, ConnectionsReading } from '../../../../../src/readings/connection.ts';
import type { ListenerReading } from '../../../../../src/readings/listener.ts';
import type { ProxyReadings, RunningReading } from '../../../../../src/readings/proxy.ts';
import { mergeBackends, mergePools } from '../../../../../src/runtime/supervisor/merge/merge-backends.ts';
import { mergeConnections } from '../../../../../src/runtime/supervisor/merge/merge-connections.ts';
import { mergeReadings } from '../../../../../src/runtime/supervisor/merge/merge-readings.ts';
import { mergeRunning } from '../../../../../src/runtime/supervisor/merge/merge-running.ts';

function listener(changes: Partial<ListenerReading> = {}, connections = 1): ListenerReading {
  return {
    id: 1,
    name: 'web',
    address: '127.0.0.1:80',
    protocol: 'http',
    maxConnections: 10,
    acceptDescriptors: 2,
    draining: false,
    counts: {
      accepted: 5,
      refused: 1,
      shed: 0,
      rests: 0,
      bytesReceived: 100,
      bytesSent: 200,
      proxyRefused_untrusted: 0,
      proxyRefused_missing: 0,
      proxyRefused_malformed: 0,
      proxyRefused_too_large: 0,
      proxyRefused_checksum: 0,
      proxyRefused_incomplete: 0,
      proxyRefused_timeout: 0,
    },
    gauges: {
      connectionsActive: connections,
      expectsTls: 1,
      hellosAwaited: 0,
      handshakesActive: 1,
      handshakesMax: 50,
      demandsProxyHeader: 0,
    },
    ...changes,
  };
}

function backend(id: number, changes: Partial<BackendReading> = {}): BackendReading {
  return {
    id,
    name: 'b',
    address: '127.0.0.1:81',
    healthy: true,
    counts: {
      resends: 1,
      connectFailures: 0,
      bytesReceived: 10,
      bytesSent: 20,
      poolCreated: 2,
      poolReused: 3,
      poolDiscarded: 0,
      poolTimeouts: 0,
      passedUnhealthy: 0,
      passedEjected: 0,
      passedCircuitOpen: 0,
      passedDraining: 0,
      passedMaintenance: 0,
      passedMaxConnections: 0,
      passedMaxRequests: 0,
      passedPoolFull: 0,
      passedFailed: 0,
      breakerOpens: 0,
      ejectedByFailures: 0,
      ejectedByErrorRate: 0,
      ejectedBySuccessRate: 0,
      ejectedByLatency: 0,
    },
    gauges: {
      connectionsActive: 2,
      requestsInFlight: 1,
      connectionsKept: 0,
      poolActive: 1,
      poolIdle: 1,
      poolMax: 16,
      poolWaiting: 0,
    },
    ...changes,
  };
}

function details(id: number, live = true): BackendDetails {
  return {
    ...backend(id),
    hostName: undefined,
    connects: { failing: false, sinceMs: undefined, error: undefined },
    memberships: [
      {
        upstream: 'api',
        weight: 1,
        effectiveWeight: 1,
        ramp: 1,
        memberSinceMs: 7,
        panics: false,
        maxConnections: 8,
        healthy: true,
        state: 'up',
        requests: undefined,
        byHand: undefined,
        ejection: undefined,
        breaker: undefined,
        changedAtMs: 5,
        lastCheckAtMs: undefined,
        lastError: undefined,
        progress: undefined,
        agent: undefined,
        live,
        tls: undefined,
        proxyProtocol: undefined,
      },
    ],
  };
}

function readings(changes: Partial<ProxyReadings> = {}): ProxyReadings {
  return {
    generations: [
      { id: 3, hash: 'c', loadedAtMs: 30, isLive: true, active: 4 },
      { id: 2, hash: 'b', loadedAtMs: 20, isLive: false, active: 1 },
    ],
    listeners: [listener()],
    routes: [{ listener: 'web', routes: ['a'] }],
    backends: [backend(1), backend(2, { name: 'other', address: '127.0.0.1:82' })],
    upstreams: [
      {
        upstream: 'api',
        servesRequests: true,
        members: [{ backend: 'b', weight: 1, effectiveWeight: 1, state: 'up' }],
      },
    ],
    queues: [{ upstream: 'api', waiting: 2 }],
    tunnels: [{ listener: 'web', backend: undefined, active: 1, total: 9, bytesReceived: 1, bytesSent: 2 }],
    hostNames: [],
    shortages: { accept: 1, connect: 0, check: 0 },
    openFilesLimit: 1_024,
    unanswered: [],
    ...changes,
  };
}

const hold = {
  listener: 'web',
  protocol: 'http',
  kind: 'exchange',
  upstream: 'api',
  backend: 'b',
  count: 1,
} as const;

function running(changes: Partial<RunningReading> = {}): RunningReading {
  return {
    startedAtMs: 100,
    generation: { id: 3, hash: 'c', loadedAtMs: 30, isLive: true, active: 4 },
    draining: [
      {
        id: 2,
        hash: 'b',
        loadedAtMs: 20,
        isLive: false,
        active: 2,
        replacedAtMs: 30,
        cutAtMs: undefined,
        holds: [hold, { ...hold, kind: 'tunnel' }],
      },
    ],
    listeners: [listener(), listener({ address: '127.0.0.1:8080', draining: true })],
    resources: {
      limit: 1_024,
      open: 50,
      shortSinceMs: undefined,
      counts: { accept: 1, connect: 2, check: 0 },
    },
    overload: undefined,
    runtimeWays: {
      interceptedAccept: true,
      lateSocket: true,
      sharedReads: true,
      directText: true,
      directTls: true,
      acceptBursts: true,
    },
    unanswered: [],
    ...changes,
  };
}

function connection(id: number, worker = 1): ConnectionReading {
  return {
    id,
    worker,
    listener: 'web',
    client: '127.0.0.1:5000',
    proxy: undefined,
    protocol: 'http',
    ageMs: 1,
    state: undefined,
    exchanges: undefined,
    generation: 1,
    upstream: undefined,
    sni: undefined,
    backend: undefined,
    tls: undefined,
  };
}

function connections(ids: readonly number[], total = ids.length): ConnectionsReading {
  return { total, byListener: { web: total }, connections: ids.map((id) => connection(id)), unanswered: [] };
}

const pool: PoolReading = {
  backend: 'b',
  address: '127.0.0.1:81',
  use: 'keep-alive',
  leased: 1,
  idle: 2,
  waiting: 0,
  maxSize: 16,
  minIdle: 0,
  maxIdle: 8,
  maxIdleTimeMs: 1_000,
  leastIdle: 0,
  mostIdle: 4,
};

describe('merging one reading', () => {
  it('gives that reading', () => {
    expect(mergeReadings([readings()])).toEqual(readings());
    expect(mergeRunning([running()])).toEqual(running());
    // Two backends of the same name and address, and two alike pools, stay two.
    const app = { name: 'app', panics: false, clients: { size: 9, used: 2, forgotten: 1 } };
    const backends = {
      backends: [details(1), details(2), details(3, false)],
      upstreams: [app],
      unanswered: [],
    };
    expect(mergeBackends([backends])).toEqual(backends);
    const pools = { pools: [pool, pool, { ...pool, maxSize: 3 }], unanswered: [2] };
    expect(mergePools([pools])).toEqual(pools);
    const reading = connections([1, 4, 9]);
    expect(mergeConnections([{ worker: 1, reading }], 3)).toEqual(reading);
  });
});

describe('merged readings for the metrics', () => {
  it('keep backends and listeners apart, and count the limit of a shared pool once', () => {
    const other = readings({
      listeners: [listener({ id: 101 })],
      backends: [backend(101), backend(102, { name: 'third', address: '127.0.0.1:83' })],
    });
    const merged = mergeReadings([readings(), other]);
    expect(merged?.listeners.map(({ id }) => id)).toEqual([1, 101]);
    expect(merged?.backends.map(({ id, gauges }) => [id, gauges.poolMax])).toEqual([
      [1, 16],
      [2, 16],
      [101, 0],
      [102, 16],
    ]);
    expect(merged?.tunnels).toEqual([
      { listener: 'web', backend: undefined, active: 2, total: 18, bytesReceived: 2, bytesSent: 4 },
    ]);
    expect(merged?.shortages).toEqual({ accept: 2, connect: 0, check: 0 });
    expect(merged?.queues).toHaveLength(2);
  });

  it('have one live generation also while the workers swap, and its routes and upstreams', () => {
    const old = readings({
      generations: [{ id: 2, hash: 'b', loadedAtMs: 19, isLive: true, active: 7 }],
      routes: [{ listener: 'web', routes: ['old'] }],
      upstreams: [],
    });
    const merged = mergeReadings([old, readings()]);
    expect(merged?.generations).toEqual([
      { id: 3, hash: 'c', loadedAtMs: 30, isLive: true, active: 4 },
      { id: 2, hash: 'b', loadedAtMs: 19, isLive: false, active: 8 },
    ]);
    expect(merged?.routes).toEqual(readings().routes);
    expect(merged?.upstreams).toEqual(readings().upstreams);
  });
});

describe('what runs in all workers', () => {
  it('say of each reason of an overload what the worst worker does', () => {
    const watched = (event_loop_delay: 0 | 1 | 2, heap: 0 | 1 | 2): RunningReading =>
      running({ overload: { event_loop_delay, heap } });
    expect(mergeRunning([watched(0, 2), running(), watched(1, 0)])?.overload).toEqual({
      event_loop_delay: 1,
      heap: 2,
    });
  });

  it('adds up listeners and holds by what they are', () => {
    const merged = mergeRunning([running(), running()]);
    expect(merged?.generation?.active).toBe(8);
    expect(merged?.listeners).toHaveLength(2);
    expect(merged?.listeners[0]).toMatchObject({
      maxConnections: 10,
      acceptDescriptors: 4,
      counts: { accepted: 10, bytesSent: 400 },
      gauges: { connectionsActive: 2, expectsTls: 1, handshakesMax: 100 },
    });
    expect(merged?.draining).toMatchObject([{ id: 2, active: 4, holds: [{ count: 2 }, { count: 2 }] }]);
    expect(merged?.resources).toMatchObject({ open: 50, counts: { accept: 2, connect: 4 } });
  });

  it('says since when anybody is short, and uses a way that all use', () => {
    const short = running({
      resources: { ...running().resources, open: undefined, shortSinceMs: 70 },
      runtimeWays: { ...running().runtimeWays, acceptBursts: false },
    });
    const merged = mergeRunning([short, running()]);
    expect(merged?.resources).toMatchObject({ open: 50, shortSinceMs: 70 });
    expect(merged?.runtimeWays).toMatchObject({ acceptBursts: false, directText: true });
  });
});

describe('backends and pools of all workers', () => {
  it('add up by name and address; limits are shared', () => {
    const merged = mergeBackends([
      { backends: [details(1)], upstreams: [], unanswered: [] },
      {
        backends: [details(101, false), { ...details(102), address: '127.0.0.1:99' }],
        upstreams: [],
        unanswered: [],
      },
    ]);
    expect(merged.backends).toHaveLength(2);
    expect(merged.backends[0]).toMatchObject({
      id: 1,
      counts: { poolCreated: 4 },
      gauges: { poolActive: 2, poolMax: 16 },
      memberships: [{ upstream: 'api', live: true }],
    });
    const membershipsOf = (requests: { running: number; max: number; adaptive: number | undefined }) => [
      { ...details(1), memberships: details(1).memberships.map((each) => ({ ...each, requests })) },
    ];
    const requestsOf = (...each: Parameters<typeof membershipsOf>[0][]) =>
      mergeBackends(each.map((one) => ({ backends: membershipsOf(one), upstreams: [], unanswered: [] })))
        .backends[0]?.memberships[0]?.requests;
    const adaptive = { running: 2, max: Infinity, adaptive: 3 };
    expect(requestsOf(adaptive, adaptive)).toEqual({ running: 4, max: Infinity, adaptive: 6 });
    const shared = { running: 2, max: 2, adaptive: undefined };
    expect(requestsOf(shared, shared)).toEqual(shared);
    const pools = [pool, pool].map((each) => ({ pools: [each], unanswered: [] }));
    // What the config says stays, and each worker adds what it keeps.
    expect(mergePools(pools).pools).toEqual([{ ...pool, leased: 2, idle: 4, mostIdle: 8 }]);
  });
});

describe('upstreams of all workers', () => {
  it('panic when one worker says so, and have the table that all of them share', () => {
    const clients = { size: 9, used: 2, forgotten: 1 };
    const saysOf = (panics: boolean) => ({
      backends: [],
      upstreams: [{ name: 'app', panics, clients }],
      unanswered: [],
    });
    expect(mergeBackends([saysOf(false), saysOf(true)]).upstreams).toEqual([
      { name: 'app', panics: true, clients },
    ]);
  });

  it('have had their backends for as long as the worker that began first', () => {
    const saysOf = (memberSinceMs: number, panics: boolean) => ({
      backends: [{ ...details(1), memberships: [{ ...details(1).memberships[0]!, memberSinceMs, panics }] }],
      upstreams: [],
      unanswered: [],
    });
    const [membership] = mergeBackends([saysOf(20, false), saysOf(10, true)]).backends[0]!.memberships;
    expect(membership).toMatchObject({ memberSinceMs: 10, panics: true });
  });
});

describe('the state of a backend in an upstream', () => {
  const stateOf = (...each: readonly (readonly [state: MemberState, live: boolean])[]) =>
    mergeBackends(
      each.map(([state, live]) => ({
        backends: [
          { ...details(1), memberships: details(1).memberships.map((one) => ({ ...one, state, live })) },
        ],
        upstreams: [],
        unanswered: [],
      })),
    ).backends[0]?.memberships[0]?.state;

  it('is that of the live generation, and of two live ones the one in more trouble', () => {
    expect(stateOf(['down', false], ['up', true])).toBe('up');
    expect(stateOf(['up', true], ['down', false])).toBe('up');
    expect(stateOf(['up', true], ['ejected', true])).toBe('ejected');
    expect(stateOf(['ejected', true], ['up', true], ['down', true])).toBe('down');
    expect(stateOf(['unknown', true], ['up', true])).toBe('up');
  });
});

describe('connections of all workers', () => {
  it('come by their ids, page by page, and name their worker', () => {
    const all = [
      { worker: 1, reading: connections([1, 4, 6], 30) },
      { worker: 2, reading: connections([2, 3, 9], 12) },
    ];
    const merged = mergeConnections(all, 3);
    expect(merged.connections.map(({ id, worker }) => [id, worker])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
    expect(merged).toMatchObject({ total: 42, byListener: { web: 42 } });
  });
});
