import type { NamedFiles } from '../../config/files/config-files.ts';
import type { Config } from '../../config/schema/config.generated.ts';
import type { Address } from '../../config/values/address.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { PluginReference } from '../../plugins/plugin-reference.ts';
import type { BackendDetails, PoolReading } from '../../readings/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { KnownNames, ProxyReadings, RunningReading } from '../../readings/proxy.ts';
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
   * serve clients serve that generation.
   */
  commit(id: number): Promise<void>;
  /** Takes back generation `id`, also while `prepare` still builds it. Without effect when no generation has that number. */
  abort(id: number): void;
  /** ms since 1970. */
  readonly startedAtMs: number;
  /** Everything that is counted. The readings of several workers can be added up. */
  readings(): Promise<ProxyReadings>;
  /** What runs, and what holds replaced generations. Looks at every connection while one drains. */
  running(): Promise<RunningReading>;
  /** All backends that a generation uses, those of the live one first. */
  backends(): Promise<readonly BackendDetails[]>;
  /** All pools of these backends. */
  pools(): Promise<readonly PoolReading[]>;
  connections(query: ConnectionsQuery): Promise<ConnectionsReading>;
  /** The health of the live generation's backends. */
  health(): Promise<HealthReport>;
  /** The names that exist now, for counters that must not keep the names of what is gone. They are in memory: nothing is asked. */
  known(): KnownNames;
  /** Bound addresses by the names of listeners. They are in memory: nothing is asked. */
  addresses(): ReadonlyMap<string, string>;
  /** The way that a request would take through the live generation; undefined before the first one. Rejects with a QuestionError for a question that makes no sense. */
  explain(question: ExplainQuestion): Promise<Explanation | undefined>;
  /** Accepts nothing more and finishes what runs. What still runs after `limitMs` is cut. */
  drain(limitMs: number): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

/** How listening sockets change hands when an edit moves an address from one socket to another. */
export interface SocketControl {
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
  readonly plugins: readonly PluginReference[];
}
