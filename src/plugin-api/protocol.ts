import type { Connection, ConnectionHandler } from './connection.ts';
import type { ExplainRequest, ProtocolExplanation } from './explain.ts';
import type { ProtocolHost } from './host.ts';

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
   * Makes an instance for one listener. Throws (or rejects) when the config can't work: the whole edit is then refused
   * and nothing changes; so it is when an instance takes longer to come than `plugins.timeout` allows. An edit that changes nothing about
   * the listener, its upstreams and its plugin keeps the instance that is there.
   */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance>;
}

/** A protocol at work on one listener, until an edit changes something about it. */
export interface ProtocolInstance {
  /** The plugin's name; tells a connection whether {@link Connection.current} still speaks its protocol. */
  readonly protocol: string;
  /** Exchanges and tunnels that this instance still runs. */
  readonly active: number;
  /**
   * Takes over an accepted connection. Must call `connection.stream.read()` before it returns, and give a handler; a
   * connection without a handler, or unread after 5 s, is ended.
   */
  handle(connection: Connection): ConnectionHandler;
  /**
   * No connection will be handed to this instance any more; resolves when the last of its exchanges and tunnels is over.
   * Where another version of the plugin took its place it is called when the last connection is gone.
   */
  close(): Promise<void>;
  /**
   * What it would do with a request, found out in the same way as it would do it, and without doing it: nothing is
   * acquired, sent, counted or logged. Without it, all that can be explained is the listener's own upstream.
   */
  explain?(request: ExplainRequest): ProtocolExplanation;
}
