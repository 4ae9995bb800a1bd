import type { ApiVersion } from './protocol.ts';
import type { FilterHooks } from './filter.ts';
import type { Logger } from './logger.ts';
import type { OptionsCheck } from './options-rules.ts';
import type { Upstream } from './upstream.ts';

/** A filter for requests and responses: the default export of a plugin module. */
export interface HttpFilterPlugin {
  readonly apiVersion: ApiVersion;
  readonly kind: 'http-filter';
  /** The value of `use:` that selects this filter in a list of filters. Protocols and filters share one set of names. */
  readonly name: string;
  /**
   * JSON Schema (2020-12) of the keys beside `use:`; default: any keys are accepted. Forms and defaults are as for protocols. A key
   * `upstream` at its top is the name of an upstream: the proxy checks that it exists.
   */
  readonly configSchema?: object;
  /** Rules for the options beyond the schema. */
  readonly optionsRules?: FilterOptionsRules;
  /**
   * Makes the filter for one place in the config: for each entry of a list of filters, and in each worker. When it throws or rejects, or
   * takes longer than `plugins.timeout` allows, the whole edit is refused and nothing changes. An edit of the listener makes all its filters
   * anew; requests that run keep those that they began with.
   */
  provision(options: unknown, host: FilterHost): FilterHooks | Promise<FilterHooks>;
}

/** The rules of a filter for its options, which the schema has accepted. They must be pure functions. */
export interface FilterOptionsRules {
  /** Reports problems. Paths begin at the options of the filter. */
  check?(options: unknown, context: OptionsCheck): void;
}

/** The services of the core for one filter at one place. Timers, files and states end when the filter has closed. */
export interface FilterHost {
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the route that has the filter; undefined for a filter of the listener itself, which sees the requests of all its routes. */
  readonly route: string | undefined;
  /** The place in the list of filters, from 0. */
  readonly index: number;
  /** How many workers serve, each with an instance of its own. A limit over all of them is not shared: each has its part of it. */
  readonly workers: number;
  /** The folder of the config file. Relative file names in options are relative to it. */
  readonly directory: string;
  /** Logs with the names of the listener, the route and the filter. */
  readonly logger: Logger;
  /**
   * The upstream of that name, for {@link FilterRequest.forwardTo}, or for connections of the filter's own (`acquire`).
   *
   * @throws BalanceError when the config has none
   */
  upstream(name: string): Upstream;
  /**
   * State that outlives an edit: what `make` returned for this listener, filter and key, as long as a filter holds it. An edited filter is
   * made before the one that it replaces closes, so it gets the same state. Each worker has its own.
   */
  state<T>(key: string, make: () => T): T;
  /** Calls `work` once after `ms` milliseconds. Returns the function that stops it. What `work` throws is logged and counted. */
  timer(ms: number, work: () => void): () => void;
  /** Calls `work` every `ms` milliseconds. Returns the function that stops it. */
  interval(ms: number, work: () => void): () => void;
  /**
   * Reads a file, and calls `changed` with each later content. It looks at the file once a second. A file that can't be read later is
   * logged, and what was read before counts on; the same holds when `changed` throws.
   *
   * @throws BalanceError `config_invalid` when the file can't be read now
   */
  file(path: string, changed: (content: Buffer) => void): Promise<Buffer>;
}
