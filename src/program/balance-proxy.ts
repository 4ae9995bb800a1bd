import type { ConfigFile } from '../config/schema/config-file.generated.ts';
import type { ReloadOutcome } from '../runtime/reload/outcome/reload-outcome.ts';
import type { HealthChange } from '../runtime/upstreams/registry.ts';

/** What {@link BalanceProxy.on} can tell of, with what its listeners get. */
export interface BalanceEvents {
  /** Another config is live, or it was read again and says the same: after an edit, a `reload`, a rollback. */
  readonly reloaded: [outcome: ReloadOutcome];
  /** An edit or a `reload` changed nothing. The error is a {@link ConfigError} where the config is wrong. */
  readonly reloadFailed: [error: Error, outcome: ReloadOutcome];
  /** A health check found that a backend went down or came back. */
  readonly health: [change: HealthChange];
  /** The proxy has ended: by `close` when all was drained, by `destroy` at once. Comes once. */
  readonly closed: [];
}

/** How a proxy is started. Either `config` or `configFile`. */
export interface StartOptions {
  /** The config as a value, with the keys of a config file. It means what the same text in a file would mean. */
  readonly config?: ConfigFile;
  /** Path of a YAML file. Edits of it count at once, unless it says `reload: { watch: false }`. */
  readonly configFile?: string;
  /** With `config`: the folder that relative paths in it start from. Default: the working directory. */
  readonly directory?: string;
  /** What `${env:NAME}` reads from. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Takes log lines that would go to stdout, one call a line, formatted as `logging:` in the config says. What it throws
   * is thrown as an uncaught exception. Default: they go to stdout.
   */
  readonly log?: (line: string) => void;
  /** Ends a start that is under way: `startProxy` rejects with its reason. Means nothing once the proxy is up. */
  readonly signal?: AbortSignal;
}

/** A proxy that runs in this process. It keeps the process alive until it is closed. */
export interface BalanceProxy {
  /** Bound addresses by the names of listeners: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`. A listener without a name is `default`. */
  readonly listeners: ReadonlyMap<string, string>;
  /** The bound address of the first listener; '' when there is none. */
  readonly address: string;
  /** Where the admin server and metrics are served; none without `admin` and `metrics.listen`. */
  readonly adminAddresses: readonly string[];
  /**
   * Makes another config live, or reads the same one again: the file, or what `config` includes and names. What runs goes
   * on, as with an edit of a file. Reloads run one after the other.
   *
   * @param config only for a proxy that was started with `config`
   * @returns what changed
   * @throws ConfigError with all problems, BalanceError (`address_in_use`, `plugin_failed`, `shutdown` after the end);
   *   then nothing changed
   */
  reload(config?: ConfigFile): Promise<ReloadOutcome>;
  /** Opens all log files anew, after they were moved. */
  reopenLogs(): void;
  /** Accepts nothing more, finishes what runs, for `shutdown.timeout` at most, writes the last log lines. A second call waits for the same end. */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
  /**
   * Calls a function at each event of that name, once what led to it is over. What it throws is thrown as an uncaught
   * exception, and harms the proxy no more than that.
   */
  on<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
  /** As {@link on}, for the next event alone. */
  once<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
  /** Ends what {@link on} or {@link once} began. */
  off<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
}
