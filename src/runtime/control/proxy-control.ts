import type { Profiler } from 'node:inspector';
import type { Readable } from 'node:stream';

import type { NamedFiles } from '../../config/files/config-files.ts';
import type { Config } from '../../config/schema/config.generated.ts';
import type { Address } from '../../config/values/address.ts';
import type { OfferedSocket } from '../../net/listen/bind/socket-inheritance.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { PluginReference } from '../../plugins/plugin-reference.ts';
import type { BackendsReading, PoolsReading } from '../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { KnownNames, RunningReading, ScrapeReading } from '../../readings/proxy.ts';
import type { WorkerReading } from '../../readings/workers/worker.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import type { Explanation } from '../explain/explanation.ts';

/**
 * What the supervisor asks of the part of the proxy that moves bytes: its listeners, pools and exchanges.
 *
 * The supervisor watches, loads and checks configs, keeps the history, serves admin and metrics. It sees the moving part through this
 * interface alone, and everything that crosses the interface is plain data. Today the moving part is in the same process
 * (`InProcessProxy`), which does its work within the call. What comes as a promise may also come by messages, and may be late or fail.
 *
 * A reload has two phases: `prepare` builds a generation beside the live one, `commit` swaps them. The supervisor numbers the generations.
 *
 * A reading shows one moment, and does not change afterwards. A promise of one always settles: it rejects when the reading can't be had in
 * time.
 */
export interface ProxyControl {
  /**
   * First phase: builds generation `id` beside the live one.
   *
   * @throws BalanceError when the config can't be made to work, PluginError when a plugin is at fault. That is a veto, and nothing of
   *   the generation is left.
   */
  prepare(id: number, source: GenerationSource): Promise<void>;
  /** The listening sockets of a prepared generation. */
  readonly sockets: SocketControl;
  /**
   * Second phase: generation `id` goes live, and the one before drains. It must not fail: all that can fail belongs in `prepare`.
   *
   * The call itself decides it: nothing takes the swap back. In the same process it is done when the call returns. Resolves when all that
   * serve clients serve that generation, or after a time limit: then the report names who does not yet.
   */
  commit(id: number): Promise<CommitReport>;
  /** Takes back generation `id`, also while `prepare` still builds it. Without effect when no generation has that number. */
  abort(id: number): void;
  /** By `steadyNowMs`. */
  readonly startedAtMs: number;
  /** Everything that is counted. The readings of several workers can be added up. */
  readings(): Promise<ScrapeReading>;
  /** What runs, and what holds replaced generations. Looks at every connection while one drains. */
  running(): Promise<RunningReading>;
  /** All backends that a generation uses, those of the live one first. */
  backends(): Promise<BackendsReading>;
  /** All pools of these backends. */
  pools(): Promise<PoolsReading>;
  connections(query: ConnectionsQuery): Promise<ConnectionsReading>;
  /** The health of the live generation's backends. */
  health(): Promise<HealthReport>;
  /** The counters of threads beside this one. Those of workers that ended are in the counters of this one. */
  counts(): Promise<readonly CounterReadings[]>;
  /** The threads that serve clients, at least one. They are in memory: nothing is asked. */
  workers(): readonly WorkerReading[];
  /** Whether workers end again and again: three of them within ten seconds, and others since. */
  readonly workersCrash: boolean;
  /** Looks into threads. */
  readonly debug: DebugControl;
  /** The names that exist now, for counters that must not keep the names of what is gone. They are in memory: nothing is asked. */
  known(): KnownNames;
  /** Bound addresses by the names of listeners. They are in memory: nothing is asked. */
  addresses(): ReadonlyMap<string, string>;
  /** The way that a request would take through the live generation; undefined before the first one. Rejects with a QuestionError for a question that makes no sense. */
  explain(question: ExplainQuestion): Promise<Explanation | undefined>;
  /**
   * Accepts nothing more and finishes what runs. What still runs after `limitMs` is cut.
   *
   * @param isReplaced whether another process has taken the listening sockets over. Default: false
   */
  drain(limitMs: number, isReplaced?: boolean): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

/** How a swap went. */
export interface CommitReport {
  /** Time from the first worker that served the generation to the last one of those that are not late; undefined where one thread serves all. */
  readonly skewMs: number | undefined;
  /** Numbers of the workers that do not serve it yet. They will as soon as their event loop turns. */
  readonly late: readonly number[];
}

/** A thread: the one of the supervisor, or that of a worker by its number. Where one thread does all, `main` and worker 1 are the same. */
export type ThreadName = 'main' | number;

/** What developers ask of a running thread. */
export interface DebugControl {
  /**
   * Records a CPU profile. Rejects with the reason of `signal` when that aborts.
   *
   * @param of undefined: all workers at the same time, as one profile
   */
  cpuProfile(of: ThreadName | undefined, durationMs: number, signal: AbortSignal): Promise<CpuProfile>;
  /** Takes a snapshot of the memory, as a stream of JSON. That thread stands still until it is made. */
  heapSnapshot(of: ThreadName): Promise<Readable>;
}

/** A recorded profile. */
export interface CpuProfile {
  readonly profile: Profiler.Profile;
  /** Numbers of the workers that did not answer, and are missing in it. */
  readonly unanswered: readonly number[];
}

/** How listening sockets change hands when an edit moves an address from one socket to another. */
export interface SocketControl {
  /** What another process needs to take the live generation's sockets over. It is in memory: nothing is asked. */
  offers(): readonly OfferedSocket[];
  /** The addresses that are bound now and that generation `id` has no listener for. */
  leaving(id: number): readonly Address[];
  /**
   * Binds the listeners that generation `id` adds. Resolves with the addresses that can only be bound once one of `leaving` is free.
   *
   * @throws BalanceError `address_in_use` and the like; then nothing is bound
   */
  bind(id: number, leaving: readonly Address[]): Promise<readonly Address[]>;
  /** Binds an address that {@link bind} put off. */
  listen(id: number, address: Address): Promise<void>;
  /** Closes the socket that {@link listen} bound or failed to bind. */
  release(id: number, address: Address): void;
  /** Stops listening at a bound address; connections go on. The address is free on return, or when the promise resolves. */
  suspend(address: Address): Promise<void> | undefined;
  /** Listens at a suspended address again. */
  resume(address: Address): Promise<void>;
}

/** What a generation is built from. */
export interface GenerationSource {
  /** With the defaults of their schemas in the options of strangers' plugins. */
  readonly config: Config;
  /** Of the config's files, in hex. */
  readonly hash: string;
  /** The folder of the config file, where relative paths in the config start. */
  readonly directory: string;
  /** The files that keys of the config name. What was checked is what is used: no part reads a certificate or a key again. */
  readonly files: NamedFiles;
  /** The key for the cookies of upstreams whose config gives none; undefined when there are no such upstreams. */
  readonly sessionKey: string | undefined;
  readonly plugins: readonly PluginReference[];
}
