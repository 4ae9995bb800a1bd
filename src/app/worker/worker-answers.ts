import type { SharedSockets } from '../../net/share/shared-sockets.ts';
import { recordCpuProfile } from '../../runtime/control/thread-debug.ts';
import type { GenerationSource, SocketControl } from '../../runtime/control/proxy-control.ts';
import type { GrantedSlots, SwapReading } from '../../runtime/supervisor/link/messages.ts';
import { ValueAssembly } from '../../runtime/supervisor/link/sliced-value.ts';
import type { WorkerAnswers } from '../../runtime/supervisor/link/worker-link.ts';
import type { WorkerCounts } from '../../telemetry/control/worker-counts.ts';
import type { MovingParts } from '../parts/moving-parts.ts';

/** What a worker does beside its moving parts when a generation comes or it ends. */
export interface WorkerDuties {
  prepare(generation: number, source: GenerationSource, slots: GrantedSlots): Promise<void>;
  commit(generation: number): Promise<SwapReading>;
  abort(generation: number): void;
  finish(): Promise<void>;
  /** Writes down how it is, as others read it from shared memory. */
  tellBeat(): void;
}

/** The answers of a worker: nearly all of them come from its moving parts, as in a proxy with one thread. */
export function workerAnswers(
  duties: WorkerDuties,
  { proxy }: MovingParts,
  counts: WorkerCounts,
  sockets: SharedSockets,
): WorkerAnswers {
  return {
    ...generationAnswers(duties),
    ...socketAnswers(proxy.sockets, sockets),
    ...readingAnswers(duties, proxy, counts),
    ping: () => undefined,
    finish: () => duties.finish(),
    'drain-rests': () => proxy.drainRests(),
    cut: () => {
      proxy.destroy();
    },
  };
}

function generationAnswers(duties: WorkerDuties) {
  /** A source that comes in parts. */
  let parts: { readonly generation: number; readonly assembly: ValueAssembly } | undefined;
  return {
    'source-part': ({ generation, part }) => {
      // A part of another generation begins anew: whatever came before was given up.
      if (parts?.generation !== generation || (part.path.length === 0 && part.kind === 'whole'))
        parts = { generation, assembly: new ValueAssembly() };
      parts.assembly.add(part);
    },
    prepare: ({ generation, slots, source = parts?.assembly.value as GenerationSource }) => {
      parts = undefined;
      return duties.prepare(generation, source, slots);
    },
    commit: ({ generation }) => duties.commit(generation),
    abort: ({ generation }) => {
      duties.abort(generation);
    },
  } satisfies Partial<WorkerAnswers>;
}

function socketAnswers(sockets: SocketControl, shared: SharedSockets) {
  return {
    bind: async ({ generation, leaving, sockets: granted }) => {
      shared.grant(granted);
      await sockets.bind(generation, leaving);
    },
    listen: ({ generation, socket }) => {
      shared.grant([socket]);
      return sockets.listen(generation, socket.address);
    },
    release: ({ generation, address }) => {
      sockets.release(generation, address);
    },
    suspend: ({ address }) => sockets.suspend(address),
    resume: ({ address }) => sockets.resume(address),
  } satisfies Partial<WorkerAnswers>;
}

function readingAnswers(duties: WorkerDuties, proxy: MovingParts['proxy'], counts: WorkerCounts) {
  return {
    // Pages show beats beside these two answers, so both are of the same moment.
    readings: async ({ kept }) => {
      duties.tellBeat();
      const { proxy: readings } = await proxy.readings(kept);
      return { ...counts.read([kept, proxy.known()]), proxy: readings };
    },
    profile: ({ durationMs }, signal) => recordCpuProfile(durationMs, signal),
    running: () => {
      duties.tellBeat();
      return proxy.running();
    },
    backends: () => proxy.backends(),
    pools: () => proxy.pools(),
    health: () => proxy.health(),
    connections: ({ query }) => proxy.connections(query),
    explain: ({ question }) => proxy.explain(question),
  } satisfies Partial<WorkerAnswers>;
}
