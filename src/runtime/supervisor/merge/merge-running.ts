import type { DrainingReading, GenerationReading, HoldReading } from '../../../readings/generation.ts';
import type { ListenerReading } from '../../../readings/listener.ts';
import type { ResourcesReading, RuntimeWaysReading } from '../../../readings/process.ts';
import type { RunningReading } from '../../../readings/proxy.ts';
import { keyOf, mergeByKey, sum, unansweredOf } from './merge-by-key.ts';
import { mergeGeneration, newestOf } from './merge-readings.ts';
import { worseOverload } from './worse-overload.ts';

/** What runs in all workers, as `/status` shows it; undefined without any. */
export function mergeRunning(all: readonly RunningReading[]): RunningReading | undefined {
  const newest = newestOf(all, ({ generation }) => generation?.id ?? 0);
  if (newest === undefined) return undefined;
  return {
    startedAtMs: Math.min(...all.map(({ startedAtMs }) => startedAtMs)),
    generation: newest.generation && mergeLive(newest.generation, all),
    draining: mergeByKey(
      all.map(({ draining }) => draining),
      ({ id }) => String(id),
      mergeDraining,
    ).sort((a, b) => b.id - a.id),
    listeners: mergeByKey(
      all.map(({ listeners }) => listeners),
      ({ name, address, protocol, draining }) => keyOf(name, address, protocol, draining),
      mergeListener,
    ),
    resources: all.map(({ resources }) => resources).reduce(mergeResources),
    overload: all.map(({ overload }) => overload).reduce(worseOverload),
    runtimeWays: all.map(({ runtimeWays }) => runtimeWays).reduce(mergeWays),
    unanswered: unansweredOf(all),
  };
}

/** The live generation, in all workers where it is live. */
function mergeLive(live: GenerationReading, all: readonly RunningReading[]): GenerationReading {
  const same = all.flatMap(({ generation }) => (generation?.id === live.id ? [generation] : []));
  return same.reduce(mergeGeneration);
}

function mergeDraining(merged: DrainingReading, other: DrainingReading): DrainingReading {
  const cutsAtMs = [merged.cutAtMs, other.cutAtMs].filter((atMs) => atMs !== undefined);
  return {
    ...mergeGeneration(merged, other),
    replacedAtMs: Math.min(merged.replacedAtMs, other.replacedAtMs),
    cutAtMs: cutsAtMs.length === 0 ? undefined : Math.max(...cutsAtMs),
    holds: mergeByKey([merged.holds, other.holds], holdKey, (hold, { count }) => ({
      ...hold,
      count: hold.count + count,
    })),
  };
}

function holdKey({ listener, protocol, kind, upstream, backend }: HoldReading): string {
  return keyOf(listener, protocol, kind, upstream, backend);
}

function mergeListener(merged: ListenerReading, other: ListenerReading): ListenerReading {
  const gauges = sum(merged.gauges, other.gauges);
  return {
    ...merged,
    acceptDescriptors: merged.acceptDescriptors + other.acceptDescriptors,
    counts: sum(merged.counts, other.counts),
    gauges: {
      ...gauges,
      expectsTls: Math.max(merged.gauges.expectsTls, other.gauges.expectsTls),
      demandsProxyHeader: Math.max(merged.gauges.demandsProxyHeader, other.gauges.demandsProxyHeader),
    },
  };
}

/** Descriptors are those of the process: every worker sees the same number of them. */
function mergeResources(merged: ResourcesReading, other: ResourcesReading): ResourcesReading {
  const since = [merged.shortSinceMs, other.shortSinceMs].filter((atMs) => atMs !== undefined);
  return {
    limit: merged.limit ?? other.limit,
    open: merged.open ?? other.open,
    shortSinceMs: since.length === 0 ? undefined : Math.min(...since),
    counts: sum(merged.counts, other.counts),
  };
}

/** A way is in use when all workers use it. */
function mergeWays(merged: RuntimeWaysReading, other: RuntimeWaysReading): RuntimeWaysReading {
  return {
    interceptedAccept: merged.interceptedAccept && other.interceptedAccept,
    lateSocket: merged.lateSocket && other.lateSocket,
    sharedReads: merged.sharedReads && other.sharedReads,
    directText: merged.directText && other.directText,
    directTls: merged.directTls && other.directTls,
    acceptBursts: merged.acceptBursts && other.acceptBursts,
  };
}
