import type { BackendReading } from '../../../readings/upstreams/backend.ts';
import type { GenerationReading } from '../../../readings/generation.ts';
import type { ProxyReadings } from '../../../readings/proxy.ts';
import type { UpstreamReading } from '../../../readings/upstreams/upstream.ts';
import type { TunnelReading } from '../../../readings/tunnel.ts';
import { keyOf, mergeByKey, sum, unansweredOf } from './merge-by-key.ts';
import { worseOverload } from './worse-overload.ts';

/**
 * What the metrics read of all workers; undefined without any. Backends, listeners and queues stay apart: the metrics add them up by name, and
 * keep the counts of those that go.
 */
export function mergeReadings(all: readonly ProxyReadings[]): ProxyReadings | undefined {
  const newest = newestOf(all, ({ generations }) => liveIdOf(generations));
  if (newest === undefined) return undefined;
  return {
    ...newest,
    generations: mergeGenerations(all.map(({ generations }) => generations)),
    listeners: all.flatMap(({ listeners }) => listeners),
    backends: withOneLimit(all.map(({ backends }) => backends)),
    queues: all.flatMap(({ queues }) => queues),
    upstreams: withWholeLimits(
      newest.upstreams,
      all.map(({ upstreams }) => upstreams),
    ),
    tunnels: mergeTunnels(all.map(({ tunnels }) => tunnels)),
    hostNames: mergeByKey(
      all.map(({ hostNames }) => hostNames),
      ({ name }) => name,
      (first) => first,
    ),
    shortages: all.map(({ shortages }) => shortages).reduce(sum),
    overload: all.map(({ overload }) => overload).reduce(worseOverload),
    unanswered: unansweredOf(all),
  };
}

/** Workers share the limit of a pool: only the first one of them that has the pool shows it, so that it counts once in sums. */
function withOneLimit(all: readonly (readonly BackendReading[])[]): BackendReading[] {
  const shown = new Set<string>();
  return all.flatMap((backends) => {
    const before = new Set(shown);
    return backends.map((backend) => {
      const key = keyOf(backend.name, backend.address);
      shown.add(key);
      return before.has(key) ? { ...backend, gauges: { ...backend.gauges, poolMax: 0 } } : backend;
    });
  });
}

/** Each worker finds limits of its own: those of all of them count. */
function withWholeLimits(
  newest: readonly UpstreamReading[],
  all: readonly (readonly UpstreamReading[])[],
): readonly UpstreamReading[] {
  const limits = new Map<string, number>();
  for (const { upstream, members } of all.flat())
    for (const { backend, adaptiveLimit } of members) {
      const key = keyOf(upstream, backend);
      if (adaptiveLimit !== undefined) limits.set(key, (limits.get(key) ?? 0) + adaptiveLimit);
    }
  if (limits.size === 0) return newest;
  return newest.map((reading) => ({
    ...reading,
    members: reading.members.map((member) => ({
      ...member,
      adaptiveLimit: limits.get(keyOf(reading.upstream, member.backend)),
    })),
  }));
}

/** The tunnels by listener and backend. */
export function mergeTunnels(all: readonly (readonly TunnelReading[])[]): TunnelReading[] {
  return mergeByKey(
    all,
    ({ listener, backend }) => keyOf(listener, backend),
    (merged, tunnel) => ({
      listener: merged.listener,
      backend: merged.backend,
      active: merged.active + tunnel.active,
      total: merged.total + tunnel.total,
      bytesReceived: merged.bytesReceived + tunnel.bytesReceived,
      bytesSent: merged.bytesSent + tunnel.bytesSent,
    }),
  );
}

/** The generations, newest first. Of several that are live in one worker or another, the newest one is live. */
function mergeGenerations(all: readonly (readonly GenerationReading[])[]): GenerationReading[] {
  const liveId = Math.max(...all.map(liveIdOf));
  return mergeByKey(all, ({ id }) => String(id), mergeGeneration)
    .sort((a, b) => b.id - a.id)
    .map((generation) => ({ ...generation, isLive: generation.isLive && generation.id === liveId }));
}

/** A generation in two workers. */
export function mergeGeneration(merged: GenerationReading, other: GenerationReading): GenerationReading {
  return {
    ...merged,
    isLive: merged.isLive || other.isLive,
    loadedAtMs: Math.min(merged.loadedAtMs, other.loadedAtMs),
    active: merged.active + other.active,
  };
}

/** The first one of those with the highest number; undefined when there is none. */
export function newestOf<T>(all: readonly T[], idOf: (one: T) => number): T | undefined {
  let newest = all[0];
  for (const one of all) if (newest !== undefined && idOf(one) > idOf(newest)) newest = one;
  return newest;
}

function liveIdOf(generations: readonly GenerationReading[]): number {
  return generations.find(({ isLive }) => isLive)?.id ?? 0;
}
