import type { ApiVersion } from './filter.ts';
import type { ProtocolInstance } from './connection.ts';
import type { ProtocolHost } from './host.ts';
import type { OptionsRules } from './options-rules.ts';
import type { ProtocolProbe } from './probe.ts';

/** A protocol: the default export of a plugin module. */
export interface ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  /** Default: `protocol`. For filters see `HttpFilterPlugin`. */
  readonly kind?: 'protocol';
  /** The value of `mode:` that selects this protocol in the config. */
  readonly name: string;
  /** JSON Schema (2020-12) of the listener's `options:`; default: any options are accepted. */
  readonly configSchema?: object;
  /**
   * Rules for the options beyond the schema: checks with their place in the file, advice, the upstreams that are used, and the changes of
   * an edit.
   */
  readonly optionsRules?: OptionsRules;
  /** Checks backends of upstreams whose `health_check.type` is the name of this protocol. Default: it can't be a type of checks. */
  readonly probe?: ProtocolProbe;
  /**
   * Makes an instance for one listener. When it throws or rejects, or takes longer than `plugins.timeout` allows, the whole edit is refused
   * and nothing changes. An edit that does not change the listener, its upstreams or its plugin keeps the present instance.
   */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance>;
}
