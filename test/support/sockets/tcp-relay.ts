import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { owned } from '../owned.ts';

/** Passes the bytes of TCP connections on to a server, as something on the way to it does. */
export class TcpRelay {
  readonly port: number;
  /** The clients' ends of the connections that are open. */
  readonly #clients: ReadonlySet<Socket>;

  constructor(port: number, clients: ReadonlySet<Socket>) {
    this.port = port;
    this.#clients = clients;
  }

  get address(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#clients.size;
  }

  /** Ends the connections to the clients, without a word of the server. */
  cut(): void {
    for (const socket of this.#clients) socket.end();
  }
}

/**
 * A relay to that port, which ends with the test.
 *
 * @param skipped so many bytes of each client are not passed on, as a PROXY header by a server that expects it. Default: 0
 */
export async function tcpRelay(port: number, skipped = 0): Promise<TcpRelay> {
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  const listening = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    clients.add(client);
    servers.add(server);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.once('close', () => {
      clients.delete(client);
      server.destroy();
    });
    let toSkip = skipped;
    client.on('data', (bytes) => {
      const rest = bytes.subarray(toSkip);
      toSkip -= bytes.length - rest.length;
      server.write(rest);
    });
    client.once('end', () => server.end());
    server.on('data', (bytes) => {
      if (client.writable) client.write(bytes);
    });
    server.once('end', () => client.end());
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  owned({
    close: () => {
      for (const socket of [...clients, ...servers]) socket.destroy();
      listening.close();
    },
  });
  return new TcpRelay((listening.address() as { port: number }).port, clients);
}
