import type { Backend } from './backend.ts';
import type { ExplainRequest, ProtocolExplanation } from './protocol-explanation.ts';
import type { Transport } from './transport.ts';

/** An accepted downstream connection. */
export interface Connection {
  /** Unique in this process, counted from 1. */
  readonly id: number;
  /** The client's bytes, the addresses of both ends, and what TLS agreed on. */
  readonly transport: Transport;
  /** Name of the listener. */
  readonly listener: string;
  /** True after the listener has begun to drain: finish what runs, and start nothing new. */
  readonly draining: boolean;
  /**
   * The protocol instance of the live generation. A protocol that serves several exchanges on a connection reads this at each
   * exchange, so that an edited config applies from the next exchange on. After another version of the plugin has replaced this one, this is
   * the last instance of the version that took the connection over.
   */
  readonly current: ProtocolInstance;
}

/** What a protocol returns when it takes a connection over. A connection without a handler is ended. */
export interface ConnectionHandler {
  /** The listener is going away: close the connection as soon as no exchange runs on it. */
  drain(): void;
  /**
   * What the connection does now. The admin server shows it, so that operators see which connections still use a replaced config. When a
   * replaced config drains for too long, it decides which connections are reset. Without this method, the connection counts as a tunnel
   * of the instance that took it over, for as long as the connection lasts.
   */
  activity?(): ConnectionActivity;
}

/** What a connection does now. */
export interface ConnectionActivity {
  /** `idle` between exchanges. */
  readonly state: 'idle' | 'exchange' | 'tunnel';
  /** Exchanges that began on it; absent for a protocol without exchanges. */
  readonly exchanges?: number;
  /** The instance whose work runs on it; undefined when nothing runs. */
  readonly instance: ProtocolInstance | undefined;
  /** Name of the upstream that it uses; absent when there is none, or none yet. */
  readonly upstream?: string | undefined;
  /** The server that works on it; undefined when there is none, or none yet. */
  readonly backend: Backend | undefined;
}

/** One protocol at work on one listener, until an edit changes the listener, its upstreams or its plugin. */
export interface ProtocolInstance {
  /** The plugin's name. By it a connection sees whether {@link Connection.current} still speaks its protocol. */
  readonly protocol: string;
  /** The number of exchanges and tunnels that this instance runs. */
  readonly active: number;
  /**
   * Takes over an accepted connection. Must call `connection.transport.read()` before it returns, and return a handler. A
   * connection without a handler, or one that is not read within 5 s, is ended.
   */
  handle(connection: Connection): ConnectionHandler;
  /**
   * The instance gets no further connection. Must resolve when its last exchange or tunnel is over. When another version of the plugin
   * replaces this one, it is called after the last connection is gone.
   */
  close(): Promise<void>;
  /**
   * Says what the instance would do with a request, found by the same code that serves requests, but without acquiring, sending, counting
   * or logging anything. Without this method, `balance explain` can only name the listener's own upstream.
   */
  explain?(request: ExplainRequest): ProtocolExplanation;
}
