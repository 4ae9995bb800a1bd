import type { Backend } from './backend.ts';
import type { ExplainRequest, ProtocolExplanation } from './explain.ts';
import type { ByteStream } from './stream.ts';

/** An accepted downstream connection. */
export interface Connection {
  /** Unique in this process, counted from 1. */
  readonly id: number;
  readonly stream: ByteStream;
  /** The client's address without port; an IPv4 address is never written in its IPv6-mapped form. `unix` for a unix socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** True when the client's bytes came over TLS. */
  readonly secure: boolean;
  /** Name of the listener. */
  readonly listener: string;
  /** True once the listener is being drained: finish what runs, start nothing new. */
  readonly draining: boolean;
  /**
   * The protocol instance of the generation that is live now. A protocol with several exchanges a
   * connection asks for it at each exchange, so that an edited config counts from the next one on. When another version
   * of the plugin takes its place meanwhile, it is the last instance of the version that took the connection over.
   */
  readonly current: ProtocolInstance;
}

/** What a protocol gives back for a connection that it took over; without it the connection is ended. */
export interface ConnectionHandler {
  /** The listener is going away: close the connection as soon as no exchange runs on it. */
  drain(): void;
  /**
   * What the connection does now: for operators who ask what runs, and what holds a config that was replaced. It also says what is
   * to be cut when a replaced config drains for too long. Without it the connection counts, for as long as it lasts, as
   * a tunnel of the instance that took it over.
   */
  activity?(): ConnectionActivity;
}

/** What a connection does now. */
export interface ConnectionActivity {
  /** `idle` between exchanges. */
  readonly state: 'idle' | 'exchange' | 'tunnel';
  /** Exchanges that began on it; absent where there are none. */
  readonly exchanges?: number;
  /** Whose work runs on it; undefined when none does. */
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
