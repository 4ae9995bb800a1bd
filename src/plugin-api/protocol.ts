import type { Duplex } from 'node:stream';

import type { ApiVersion } from './filter.ts';
import type { ProtocolInstance } from './connection.ts';
import type { ProtocolHost } from './host.ts';
import type { OptionsRules } from './options-rules.ts';

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

/**
 * One check of a backend by the protocol that it speaks: `health_check.type` is the name of that protocol. The proxy has connected, as it
 * does for requests: over TLS where the upstream has `tls`, behind a PROXY header where it sends one.
 */
export interface ProbedBackend {
  /**
   * The connection to the backend: a stream of Node.js, as a check needs no speed. The proxy destroys it at the end of the check. When it
   * breaks, or the backend closes it, the check has failed, unless the probe ends in the same turn of the event loop.
   */
  readonly channel: Duplex;
  /** Name of the upstream that the backend is checked for. */
  readonly upstream: string;
  /** The address that is checked: `db-1:6379`, or the path of a unix socket. */
  readonly address: string;
  /** Aborted when the check is over: when its time is up (`health_check.timeout`), or nobody needs it any more. */
  readonly signal: AbortSignal;
}

/**
 * Finds out whether a backend works. It passes when it returns, or when its promise is fulfilled. When it throws or rejects, the check has
 * failed, and the error's message is the reason that operators see. One that takes longer than `health_check.timeout` has failed; what it
 * does afterwards counts no more. It runs once a check, in the thread that checks all backends, so it must not block.
 */
export type ProtocolProbe = (backend: ProbedBackend) => void | Promise<void>;
