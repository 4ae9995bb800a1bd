import type { ConfigFile } from '../config/schema/config-file.generated.ts';
import type { ReloadOutcome } from '../runtime/reload/outcome/reload-outcome.ts';
import type { HealthChange } from '../health/watch/health-feed.ts';

/** The events of {@link BalanceProxy.on}, with the arguments that its listeners get. */
export interface BalanceEvents {
  /** A reload worked, after an edit, a call of `reload` or a rollback: another config is live, or the same one was read again. */
  readonly reloaded: [outcome: ReloadOutcome];
  /** An edit or a `reload` changed nothing. The error is a {@link ConfigError} when the config is wrong. */
  readonly reloadFailed: [error: Error, outcome: ReloadOutcome];
  /** A health check found that a backend went down or came back. */
  readonly health: [change: HealthChange];
  /** The proxy has ended: after `close` when everything is drained, after `destroy` at once. Comes once. */
  readonly closed: [];
}

/** How a proxy is started. Either `config` or `configFile`. */
export interface StartOptions {
  /** The config as a value, with the keys of a config file and the same meaning. */
  readonly config?: ConfigFile;
  /** Path of a YAML file. Edits of it count at once, unless it says `reload: { watch: false }`. */
  readonly configFile?: string;
  /** With `config`: the folder that relative paths in it start from. Default: the working directory. */
  readonly directory?: string;
  /** What `${env:NAME}` reads from. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Gets the log lines that would go to stdout, one in each call, formatted as `logging:` in the config says. An error that it throws
   * becomes an uncaught exception. Default: the lines go to stdout.
   */
  readonly log?: (line: string) => void;
  /** Ends a start that is under way: `startProxy` rejects with the signal's reason. It has no effect after the start. */
  readonly signal?: AbortSignal;
}

/** A proxy that runs in this process. It keeps the process alive until it is closed. */
export interface BalanceProxy {
  /** Bound addresses by the names of listeners: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`. A listener without a name is `default`. */
  readonly listeners: ReadonlyMap<string, string>;
  /** The bound address of the first listener; '' when there is none. */
  readonly address: string;
  /** Bound addresses of the admin server and the metrics; empty without `admin` and `metrics.listen`. */
  readonly adminAddresses: readonly string[];
  /**
   * Makes another config live, or reads the same one again: the file, or the files that `config` includes and names. As with an edit of a
   * file, requests and tunnels that run go on. Reloads run one after the other.
   *
   * @param config only for a proxy that was started with `config`
   * @returns what changed
   * @throws ConfigError with all problems, BalanceError (`address_in_use`, `plugin_failed`, `shutdown` after the end);
   *   then nothing changed
   */
  reload(config?: ConfigFile): Promise<ReloadOutcome>;
  /** Opens all log files again, after they were moved. */
  reopenLogs(): void;
  /** Accepts nothing more, finishes what runs, for at most `shutdown.timeout`, and writes the last log lines. A second call waits for the same end. */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
  /**
   * Calls a function at each event of that name, after the work that led to the event. An error that the function throws becomes an uncaught
   * exception and does not harm the proxy.
   */
  on<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
  /** As {@link on}, but only for the next event of that name. */
  once<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
  /** Removes a listener that {@link on} or {@link once} added. */
  off<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this;
}
