import type { SharedSockets } from '../../net/share/shared-sockets.ts';
import { recordCpuProfile } from '../../runtime/control/thread-debug.ts';
import type { GenerationSource } from '../../runtime/control/proxy-control.ts';
import type { GrantedSlots, SwapReading } from '../../runtime/supervisor/messages.ts';
import { ValueAssembly } from '../../runtime/supervisor/sliced-value.ts';
import type { WorkerAnswers } from '../../runtime/supervisor/worker-link.ts';
import type { WorkerCounts } from '../../telemetry/control/worker-counts.ts';
import type { MovingParts } from '../moving-parts.ts';

/** What a worker does beside its moving parts when a generation comes or it ends. */
export interface WorkerDuties {
  prepare(generation: number, source: GenerationSource, slots: GrantedSlots): Promise<void>;
  commit(generation: number): Promise<SwapReading>;
  abort(generation: number): void;
  finish(): Promise<void>;
}

/** The answers of a worker: nearly all of them come from its moving parts, as in a proxy with one thread. */
export function workerAnswers(
  duties: WorkerDuties,
  { proxy }: MovingParts,
  counts: WorkerCounts,
  shared: SharedSockets,
): WorkerAnswers {
  const { sockets } = proxy;
  /** A source that comes in parts. */
  let parts: { readonly generation: number; readonly assembly: ValueAssembly } | undefined;
  return {
    ping: () => undefined,
    'source-part': ({ generation, part }) => {
      // A part of another generation begins anew: whatever came before was given up.
      if (parts?.generation !== generation || (part.path.length === 0 && part.kind === 'whole'))
        parts = { generation, assembly: new ValueAssembly() };
      parts.assembly.add(part);
      return undefined;
    },
    prepare: async ({ generation, slots, source = parts?.assembly.value as GenerationSource }) => {
      parts = undefined;
      await duties.prepare(generation, source, slots);
      return undefined;
    },
    bind: async ({ generation, leaving, sockets: granted }) => {
      shared.grant(granted);
      await sockets.bind(generation, leaving);
      return undefined;
    },
    listen: async ({ generation, socket }) => {
      shared.grant([socket]);
      await sockets.listen(generation, socket.address);
      return undefined;
    },
    release: ({ generation, address }) => {
      sockets.release(generation, address);
      return undefined;
    },
    suspend: async ({ address }) => {
      await sockets.suspend(address);
      return undefined;
    },
    resume: async ({ address }) => {
      await sockets.resume(address);
      return undefined;
    },
    commit: ({ generation }) => duties.commit(generation),
    abort: ({ generation }) => {
      duties.abort(generation);
      return undefined;
    },
    readings: async () => {
      const { proxy: readings } = await proxy.readings();
      return { ...counts.read(), proxy: readings };
    },
    profile: ({ durationMs }, signal) => recordCpuProfile(durationMs, signal),
    running: () => proxy.running(),
    backends: () => proxy.backends(),
    pools: () => proxy.pools(),
    health: () => proxy.health(),
    connections: ({ query }) => proxy.connections(query),
    explain: ({ question }) => proxy.explain(question),
    finish: async () => {
      await duties.finish();
      return undefined;
    },
    'drain-rests': () => proxy.drainRests(),
    cut: () => {
      proxy.destroy();
      return undefined;
    },
  };
}
