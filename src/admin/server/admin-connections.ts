import type { Socket } from 'node:net';
import type { TransportStream } from '../../net/transport/transport-stream.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import type { AdminLimits } from './admin-limits.ts';
import { QuietLog } from '../../time/quiet-log.ts';

const QUIET_MS = 10_000;
const MAPPED = '::ffff:';
/** The first groups of an IPv6 address, of eight, which name its network. */
const NETWORK_GROUPS = 4;

/** What requests come from: a socket, or what the TLS layer has put over one. */
export type ClientSocket = Socket | TransportStream;

interface Connection {
  readonly socket: ClientSocket;
  readonly client: string;
  /** Number of requests whose answers are being made. */
  working: number;
}

/**
 * The connections of one admin server. When there are too many, it accepts the new connection and closes an old one: the new one may be a
 * health probe, and a client with many unfinished requests, TLS handshakes or answers must not keep it out.
 */
export class AdminConnections {
  readonly #limits: Pick<AdminLimits, 'maxConnections' | 'maxConnectionsPerClient'>;
  readonly #logger: Logger;
  readonly #quiet = new QuietLog(QUIET_MS);
  /** Ordered by the time of the last change of state, oldest first. */
  readonly #bySocket = new Map<ClientSocket, Connection>();
  readonly #counts = new Map<string, number>();
  #whenEmpty: (() => void) | undefined;

  constructor(limits: AdminLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Counts a new connection until it closes. If there are too many now, it closes another one. */
  add(socket: ClientSocket): void {
    const connection: Connection = { socket, client: clientNetwork(socket.remoteAddress), working: 0 };
    const { client } = connection;
    const leaving = this.#leavingFor(client);
    this.#bySocket.set(socket, connection);
    this.#counts.set(client, (this.#counts.get(client) ?? 0) + 1);
    socket.once('close', () => {
      this.#remove(connection);
    });
    if (leaving === undefined) return;
    this.#remove(leaving);
    leaving.socket.destroy();
    this.#tell(leaving);
  }

  /** Notes that a request is complete and its answer is being made. At all other times the server waits for the client. */
  workFor(socket: ClientSocket): void {
    this.#change(socket, 1);
  }

  /** Notes that the answer is made: now the client must read it and send its next request. */
  waitFor(socket: ClientSocket): void {
    this.#change(socket, -1);
  }

  /** Resolves when there are no connections. */
  untilEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      if (this.#bySocket.size === 0) resolve();
    });
  }

  /** Closes all connections now. */
  destroy(): void {
    for (const socket of this.#bySocket.keys()) socket.destroy();
  }

  #change(socket: ClientSocket, by: 1 | -1): void {
    const connection = this.#bySocket.get(socket);
    if (connection === undefined || !this.#bySocket.delete(socket)) return;
    connection.working += by;
    this.#bySocket.set(connection.socket, connection);
  }

  #remove({ socket, client }: Connection): void {
    if (!this.#bySocket.delete(socket)) return;
    const count = (this.#counts.get(client) ?? 0) - 1;
    if (count > 0) this.#counts.set(client, count);
    else this.#counts.delete(client);
    if (this.#bySocket.size === 0) this.#whenEmpty?.();
  }

  /** The connection to close for one more connection of a client; undefined while there is room. */
  #leavingFor(client: string): Connection | undefined {
    const { maxConnections, maxConnectionsPerClient } = this.#limits;
    if ((this.#counts.get(client) ?? 0) >= maxConnectionsPerClient) return this.#oldestOf(client);
    if (this.#bySocket.size < maxConnections) return undefined;
    let [most, highest] = ['', 0];
    for (const [other, count] of this.#counts) if (count > highest) [most, highest] = [other, count];
    return this.#oldestOf(most);
  }

  /** The connection whose client has kept the server waiting longest, or else the one that has waited longest for its answer. */
  #oldestOf(client: string): Connection | undefined {
    let oldest: Connection | undefined;
    for (const connection of this.#bySocket.values()) {
      if (connection.client !== client) continue;
      if (connection.working === 0) return connection;
      oldest ??= connection;
    }
    return oldest;
  }

  #tell({ client }: Connection): void {
    this.#quiet.note((leftOut) => {
      this.#logger.warn('too many connections to the admin server, the oldest one is closed', {
        client,
        limit: this.#limits.maxConnections,
        limit_per_client: this.#limits.maxConnectionsPerClient,
        ...leftOut,
      });
    });
  }
}

/**
 * The client that a connection counts for when connections are limited: an IPv4 address, or a /64 network of IPv6, because one host can use all
 * addresses of its network. All connections to a unix socket count for one client.
 *
 * @param address the peer's address as the socket tells it; undefined for a unix socket
 */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined) return 'unix';
  if (address.startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length);
  if (!address.includes(':')) return address;
  const [before = '', behind = ''] = address.replace(/%.*$/, '').split('::');
  const head = groupsOf(before);
  const tail = groupsOf(behind);
  const zeros = Array.from(
    { length: Math.max(0, 2 * NETWORK_GROUPS - head.length - tail.length) },
    () => '0',
  );
  return `${[...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
