import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { owned } from '../../support/owned.ts';
import { eventually } from '../../support/time/eventually.ts';

/** How a backend answers: at once with that status, or when the test says so. */
export type Mood = number | 'holds';

/** An HTTP backend that can die, as a process that is killed does, and come back at the same address. */
export class MortalBackend {
  readonly name: string;
  /** How it answers from the next request on. */
  mood: Mood = 200;
  /** Requests that it got. */
  requests = 0;
  /** Connections that it accepted. */
  connections = 0;
  readonly #held = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  private constructor(name: string) {
    this.name = name;
  }

  static async start(name = 'b'): Promise<MortalBackend> {
    const backend = owned(new MortalBackend(name));
    await backend.revive();
    return backend;
  }

  get address(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  /** Requests that wait for an answer. */
  get held(): number {
    return this.#held.size;
  }

  /** Waits until so many requests wait for an answer. */
  async holding(count: number): Promise<void> {
    await eventually(
      () => this.held >= count,
      () => `${this.name} holds ${String(count)} requests, not ${String(this.held)}`,
    );
  }

  /** Answers all that wait. */
  release(status = 200): void {
    for (const response of this.#held) this.#answer(response, status);
    this.#held.clear();
  }

  /** Resets all connections and accepts no more. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#held.clear();
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async revive(): Promise<void> {
    const server = createServer((_request, response) => {
      this.requests += 1;
      if (this.mood === 'holds') this.#held.add(response);
      else this.#answer(response, this.mood);
    });
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    await this.kill();
  }

  #answer(response: ServerResponse, status: number): void {
    response.writeHead(status, { 'content-type': 'text/plain' });
    response.end(this.name);
  }
}
