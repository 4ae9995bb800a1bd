import type { ProtocolInstance } from './connection.ts';
import type { ProtocolHost } from './host.ts';
import type { OptionsRules } from './options-rules.ts';

/** The version of this contract. A plugin that names another one is refused. */
export type ApiVersion = 2;

/** A protocol: the default export of a plugin module. */
export interface ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  /** What `mode:` in the config says. */
  readonly name: string;
  /** JSON Schema (2020-12) of the listener's `options:`; without it any options are taken. */
  readonly configSchema?: object;
  /**
   * What the protocol knows about its options beyond the schema: checks with their place in the file, advice, the upstreams
   * that are used, and what an edit changes.
   */
  readonly optionsRules?: OptionsRules;
  /**
   * Makes an instance for one listener. Throws (or rejects) when the config can't work: the whole edit is then refused
   * and nothing changes; so it is when an instance takes longer to come than `plugins.timeout` allows. An edit that changes nothing about
   * the listener, its upstreams and its plugin keeps the instance that is there.
   */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance>;
}
