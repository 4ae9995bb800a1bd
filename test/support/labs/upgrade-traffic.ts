import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';

import { setTimeout as delay } from 'node:timers/promises';

import { owned } from '../owned.ts';

const HEAD = 'GET / HTTP/1.1\r\nHost: lab\r\n';

/** What clients have seen of a proxy. */
export interface Seen {
  /** Answers to requests. */
  answers: number;
  /** Connections that were made. */
  connects: number;
  /** Bytes that came back through tunnels and WebSockets. */
  echoes: number;
  /** What went wrong, in words. */
  readonly faults: string[];
}

/** A backend that answers requests, and sends back what comes through WebSockets and tunnels. */
export async function upgradeBackend(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    request.resume();
    response.end('fine');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Clients that never stop before they are told to. */
export class UpgradeTraffic {
  readonly seen: Seen = { answers: 0, connects: 0, echoes: 0, faults: [] };
  readonly #clients: Promise<void>[] = [];
  #stopped = false;

  /** One request after the other on a connection, and another connection when an answer says that this one ends. */
  keepAlive(to: NetConnectOpts): void {
    this.#clients.push(
      this.#repeat('keep-alive', async () => {
        const socket = await this.#connect(to);
        for (;;) {
          socket.write(`${HEAD}\r\n`);
          const answer = await this.#answer(socket);
          if (/^connection: close/im.test(answer) || this.#stopped) break;
        }
        socket.destroy();
      }),
    );
  }

  /** A connection for each request. */
  newConnections(to: NetConnectOpts): void {
    this.#clients.push(
      this.#repeat('new connection', async () => {
        const socket = await this.#connect(to);
        socket.write(`${HEAD}Connection: close\r\n\r\n`);
        await this.#answer(socket);
        socket.destroy();
      }),
    );
  }

  /** A WebSocket, or a tunnel, that lives until {@link stop}. Resolves when it is open. */
  async echo(to: NetConnectOpts): Promise<void> {
    const socket = await this.#connect(to);
    socket.write(`${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await this.#answer(socket);
    this.#clients.push(
      this.#repeat('echo', async () => {
        socket.write('ping');
        const bytes = await nextBytes(socket);
        this.seen.echoes += bytes.length;
        await delay(20);
      }).then(() => void socket.destroy()),
    );
  }

  async stop(): Promise<Seen> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return this.seen;
  }

  async #repeat(what: string, once: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      try {
        await once();
      } catch (error) {
        this.seen.faults.push(`${what}: ${String(error)}`);
        if (what === 'echo') return;
      }
    }
  }

  async #connect(to: NetConnectOpts): Promise<Socket> {
    const socket = connect(to);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    this.seen.connects += 1;
    return socket;
  }

  /** The head and the body of an answer. */
  async #answer(socket: Socket): Promise<string> {
    let text = '';
    while (!isWhole(text)) text += (await nextBytes(socket)).toString('latin1');
    if (!/^HTTP\/1\.1 (200|101) /.test(text)) throw new Error(`answer: ${text.slice(0, 60)}`);
    this.seen.answers += 1;
    return text;
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /^content-length: (\d+)/im.exec(text);
  return text.length >= end + 4 + (length === null ? 0 : Number(length[1]));
}

/** Rejects when the other side ends first. */
function nextBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      socket.off('data', come).off('end', ended).off('error', failed).off('close', ended);
    };
    const come = (bytes: Buffer): void => {
      over();
      socket.pause();
      resolve(bytes);
    };
    const ended = (): void => {
      over();
      reject(new Error('the proxy ended the connection'));
    };
    const failed = (error: Error): void => {
      over();
      reject(error);
    };
    socket.on('data', come).on('end', ended).on('error', failed).on('close', ended).resume();
  });
}
