import { formatAddress, type Address } from '../../config/values/address.ts';
import type { Config } from '../../config/schema/config.generated.ts';
import type { OfferedSocket } from '../../net/listen/bind/socket-inheritance.ts';
import { runtimeWays } from '../../net/node/runtime-ways.ts';
import type { HealthReport, Logger, ProtocolPlugin } from '../../plugin-api/index.ts';
import type { BackendsReading, PoolsReading } from '../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { WorkersCounts } from '../../readings/counts/thread-counts.ts';
import type { KnownNames, RunningReading, ScrapeReading } from '../../readings/proxy.ts';
import type { WorkerReading } from '../../readings/workers/worker.ts';
import type { OverloadGuard, OverloadSettings } from '../../net/overload/overload-guard.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { completeAll } from '../control/complete-all.ts';
import { takenBack } from '../control/taken-back.ts';
import type { ReferredPlugins } from '../../plugins/plugin-reference.ts';
import type {
  CommitReport,
  DebugControl,
  GenerationSource,
  ProxyControl,
  SocketControl,
} from '../control/proxy-control.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import { explain } from '../explain/explain.ts';
import type { Explanation } from '../explain/explanation.ts';
import { generationPlan } from '../explain/generation-plan.ts';
import type { GenerationBuilder, Protocols } from '../generation/generation-builder.ts';
import type { Generation } from '../generation/generation.ts';
import type { PreparedListeners } from '../listeners/listener-table.ts';
import { DrainWatch, type DrainRest } from '../control/drain-watch.ts';
import { logMissingWays } from './log-missing-ways.ts';
import { drainRestOf } from './readings/drain-rest-of.ts';
import { ProxyReader, type ReadParts } from './readings/proxy-reader.ts';
import { ThreadDebug } from '../control/thread-debug.ts';

/** Requests and tunnels that were cut have this time to write their last log line. */
const CUT_GRACE_MS = 500;
/** No other thread counts anything. */
const NO_OTHERS: WorkersCounts = { counters: [], telemetry: [], runtimes: [] };
/** One thread serves all: it swaps within its turn. */
const SWAPPED: CommitReport = { skewMs: undefined, late: [] };

/** The moving parts of the proxy. */
export interface ProxyParts extends ReadParts {
  readonly builder: GenerationBuilder;
  readonly plugins: ReferredPlugins;
  readonly logger: Logger;
  readonly overload: OverloadGuard;
}

/** A generation between `prepare` and `commit` or `abort`. */
interface PendingGeneration {
  /** Aborted with the generation, so that a build that still runs ends. */
  readonly stop: AbortController;
  /** undefined while it is built. */
  generation: Generation | undefined;
  /** undefined before its sockets are bound. */
  listeners: PreparedListeners | undefined;
}

/**
 * {@link ProxyControl} without messages: listeners, pools and exchanges are in this process. Each call acts on them directly, so that a
 * reading is taken and a swap is done before the call returns.
 */
export class InProcessProxy implements ProxyControl, SocketControl {
  /** The end of its one worker is that of the process. */
  readonly workersCrash = false;
  readonly debug: DebugControl = new ThreadDebug();
  readonly #parts: ProxyParts;
  readonly #reader: ProxyReader;
  readonly #pending = new Map<number, PendingGeneration>();

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#reader = new ProxyReader(parts);
  }

  get sockets(): SocketControl {
    return this;
  }

  async prepare(id: number, source: GenerationSource): Promise<void> {
    const { builder, live, plugins } = this.#parts;
    const pending: PendingGeneration = {
      stop: new AbortController(),
      generation: undefined,
      listeners: undefined,
    };
    const { signal } = pending.stop;
    this.#pending.set(id, pending);
    try {
      const protocols = await protocolsOf(source, plugins);
      signal.throwIfAborted();
      const generation = await builder.build({ ...source, id, protocols }, live.generation, signal);
      pending.generation = generation;
      if (!signal.aborted) return;
      await generation.abort(live.generation);
      throw takenBack();
    } catch (error) {
      if (this.#pending.get(id) === pending) this.#pending.delete(id);
      throw error;
    }
  }

  async commit(id: number): Promise<CommitReport> {
    const { live, draining, logger, overload, registry } = this.#parts;
    const generation = this.#generation(id);
    const listeners = this.#pending.get(id)?.listeners;
    this.#pending.delete(id);
    const old = live.generation;
    live.generation = generation;
    registry.standings.isServing = true;
    const steps = [
      () => {
        generation.replace(old);
      },
      () => {
        listeners?.commit();
      },
      () => {
        if (old !== undefined) draining.add(old, old.releaseExcept(generation));
      },
      () => {
        draining.limit(generation.config.reload.drain_timeout);
      },
      () => {
        overload.configure(overloadSettings(generation.config));
      },
    ];
    await completeAll(steps, logger);
    return SWAPPED;
  }

  abort(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.stop.abort(takenBack());
    pending.listeners?.abort();
    void pending.generation?.abort(this.#parts.live.generation);
  }

  offers(): readonly OfferedSocket[] {
    return this.#parts.listeners.offers();
  }

  leaving(id: number): readonly Address[] {
    return this.#parts.listeners.leaving(this.#generation(id));
  }

  async bind(id: number, leaving: readonly Address[]): Promise<readonly Address[]> {
    const generation = this.#generation(id);
    const listeners = await this.#parts.listeners.prepare(generation, leaving);
    const pending = this.#pending.get(id);
    // It may have been aborted meanwhile, and another one prepared under its number.
    if (pending?.generation !== generation) {
      listeners.abort();
      throw takenBack();
    }
    pending.listeners = listeners;
    return listeners.arriving.map(({ address }) => address);
  }

  async listen(id: number, address: Address): Promise<void> {
    await this.#arriving(id, address)?.listen();
  }

  release(id: number, address: Address): void {
    this.#arriving(id, address)?.destroy();
  }

  suspend(address: Address): Promise<void> | undefined {
    return this.#parts.listeners.boundAt(address)?.suspend();
  }

  async resume(address: Address): Promise<void> {
    await this.#parts.listeners.boundAt(address)?.resume();
  }

  /** Open connections of clients. */
  get connectionCount(): number {
    return this.#parts.listeners.all().reduce((sum, { connections }) => sum + connections, 0);
  }

  get startedAtMs(): number {
    return this.#parts.live.startedAtMs;
  }

  /** @param kept names that other parts of the proxy still show: what was counted for them stays. Default: none */
  readings(kept?: KnownNames): Promise<ScrapeReading> {
    return doneNow(() => ({ proxy: this.#reader.read(kept), counts: NO_OTHERS }));
  }

  running(): Promise<RunningReading> {
    return doneNow(() => this.#reader.running());
  }

  backends(): Promise<BackendsReading> {
    return doneNow(() => this.#reader.backends());
  }

  pools(): Promise<PoolsReading> {
    return doneNow(() => this.#reader.pools());
  }

  connections(query: ConnectionsQuery): Promise<ConnectionsReading> {
    return doneNow(() => this.#reader.connections(query));
  }

  health(): Promise<HealthReport> {
    return doneNow(() => this.#parts.live.health());
  }

  /** Nothing: all that is counted here reaches the telemetry of this thread. */
  counts(): Promise<readonly CounterReadings[]> {
    return Promise.resolve([]);
  }

  workers(): readonly WorkerReading[] {
    return [this.#reader.worker()];
  }

  known(): KnownNames {
    return this.#reader.known();
  }

  /** Logs which faster ways of the runtime are missing. Resolves when all are known. */
  logMissingWays(): Promise<void> {
    const { listeners, logger } = this.#parts;
    return logMissingWays(runtimeWays(), listeners.sockets, logger);
  }

  addresses(): ReadonlyMap<string, string> {
    return this.#parts.listeners.addresses();
  }

  explain(question: ExplainQuestion): Promise<Explanation | undefined> {
    const { live, listeners } = this.#parts;
    const { generation } = live;
    return doneNow(
      () => generation && explain(generationPlan(generation, listeners.addresses(), true), question),
    );
  }

  async drain(limitMs: number, isReplaced = false): Promise<void> {
    const { logger } = this.#parts;
    const finished = this.finish(isReplaced).then(() => true);
    const watch = new DrainWatch({ logger, limitMs, rests: () => this.drainRests() });
    try {
      const isOver = await withTimeout(finished, { limitMs, expired: () => false });
      if (isOver) return;
      void watch.tellCut();
    } finally {
      watch.stop();
      this.destroy();
    }
    // So the lines about cut requests come before the last line of the log.
    await withTimeout(finished, { limitMs: CUT_GRACE_MS, expired: () => false });
  }

  /** Accepts nothing more. Resolves when everything that runs has finished. */
  async finish(isReplaced = false): Promise<void> {
    const { live, listeners } = this.#parts;
    await Promise.all([listeners.close(isReplaced), live.generation?.close()]);
  }

  /** What {@link finish} waits for. */
  drainRests(): readonly DrainRest[] {
    return this.#parts.listeners.all().map(drainRestOf);
  }

  destroy(): void {
    const { live, listeners, draining } = this.#parts;
    for (const id of [...this.#pending.keys()]) this.abort(id);
    listeners.destroy();
    live.generation?.destroy();
    draining.destroy();
  }

  #generation(id: number): Generation {
    const generation = this.#pending.get(id)?.generation;
    if (generation === undefined) throw new Error(`generation ${String(id)} is not prepared`);
    return generation;
  }

  #arriving(id: number, address: Address) {
    const wanted = formatAddress(address);
    return this.#pending
      .get(id)
      ?.listeners?.arriving.find((listener) => formatAddress(listener.address) === wanted);
  }
}

/** The plugins that the listeners of a generation need, by name: their protocols and filters. */
async function protocolsOf(
  { config, plugins: references }: GenerationSource,
  plugins: ReferredPlugins,
): Promise<Protocols> {
  const protocols = new Map<string, ProtocolPlugin>();
  // Listeners of any mode may pass connections on to upstreams, which tcp does.
  const modes = new Set(['tcp', ...config.listeners.map(({ mode }) => mode)]);
  for (const reference of references) {
    if (reference.kind === 'protocol' && !modes.has(reference.name)) continue;
    const plugin = await plugins.get(reference, config.plugins.timeout);
    if (plugin !== undefined) protocols.set(reference.name, plugin);
  }
  return protocols;
}

/** Does it before it returns. What it throws rejects the promise. */
function doneNow<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** The section `overload` in the terms of the guard; undefined where nothing is refused. */
function overloadSettings({ overload }: Config): OverloadSettings | undefined {
  if (overload?.enabled !== true) return undefined;
  return {
    delayMs: overload.event_loop_delay,
    heapPercent: overload.heap_percent,
    retryAfterMs: overload.retry_after,
  };
}
