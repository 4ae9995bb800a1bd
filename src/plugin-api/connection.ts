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
  /** True after the listener began to drain: finish what runs, start nothing new. */
  readonly draining: boolean;
  /**
   * The protocol instance of the live generation. A protocol that serves several exchanges on a connection reads this at each
   * exchange, so that an edited config counts from the next exchange on. After another version of the plugin took its place, this is
   * the last instance of the version that took the connection over.
   */
  readonly current: ProtocolInstance;
}

/** What a protocol returns when it takes a connection over. A connection without a handler is ended. */
export interface ConnectionHandler {
  /** The listener is going away: close the connection as soon as no exchange runs on it. */
  drain(): void;
  /**
   * What the connection does now. The admin server shows this to operators, who see so what still holds a replaced config; and when a
   * replaced config drains for too long, this decides which connections are reset. A handler without it makes the connection count
   * as a tunnel of the instance that took it over, for as long as the connection lasts.
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

/** A protocol at work on one listener, until an edit changes something about it. */
export interface ProtocolInstance {
  /** The plugin's name; tells a connection whether {@link Connection.current} still speaks its protocol. */
  readonly protocol: string;
  /** Exchanges and tunnels that this instance still runs. */
  readonly active: number;
  /**
   * Takes over an accepted connection. Must call `connection.transport.read()` before it returns, and give a handler; a
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
