import type { Counted } from './counts/counted.ts';

/** Why a PROXY header was not accepted: the codes of `src/errors/proxy-refusal-reasons.ts`. */
type ProxyRefusal =
  'untrusted' | 'missing' | 'malformed' | 'too_large' | 'checksum' | 'incomplete' | 'timeout';

/** Connections that were refused because of their PROXY header, by reason. */
export type ProxyRefusalCounts = Readonly<Record<`proxyRefused_${ProxyRefusal}`, number>>;

/** A listener that is bound, or that still drains. */
export interface ListenerReading extends Counted<ListenerCounts, ListenerGauges> {
  /** The address that it is bound to. */
  readonly address: string;
  /** The protocol that new connections speak. */
  readonly protocol: string;
  /** 0: no limit. */
  readonly maxConnections: number;
  /** Number of connections that it can accept in one turn of the event loop. */
  readonly acceptDescriptors: number;
  /** True when it accepts no more connections and ends with the last one. */
  readonly draining: boolean;
}

/** Counts of a listener since it was made. */
export interface ListenerCounts extends ProxyRefusalCounts {
  readonly accepted: number;
  /** Connections that were refused because of `max_connections`. */
  readonly refused: number;
  /** Connections that were closed at once because the proxy itself ran short of file descriptors or memory. */
  readonly shed: number;
  /** How often one of several workers accepted nothing for a while because others had fewer connections. */
  readonly rests: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** Numbers of a listener at this moment. */
export interface ListenerGauges {
  readonly connectionsActive: number;
  /** 1 when it expects TLS from its clients, else 0. */
  readonly expectsTls: number;
  /** Connections that have not sent their whole ClientHello. */
  readonly hellosAwaited: number;
  /** TLS handshakes that are under way, from the whole ClientHello on. */
  readonly handshakesActive: number;
  /** How many connections may be in each of these two states; 0: no limit. */
  readonly handshakesMax: number;
  /** 1 when connections must begin with a PROXY header, else 0. */
  readonly demandsProxyHeader: number;
}

/** The routes of a listener of the live config. */
export interface ListenerRoutes {
  readonly listener: string;
  /** Names of its routes, with `default` where the listener has an upstream of its own; undefined for a protocol that does not tell them. */
  readonly routes: readonly string[] | undefined;
}
