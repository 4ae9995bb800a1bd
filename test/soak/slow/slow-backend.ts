import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend that works on so many requests at a time, for so long each; further ones wait for their turn, whether their client still does or not. */
export class SlowBackend {
  /** How long it works on one request. */
  workMs: number;
  readonly #places: number;
  readonly #waiting: ServerResponse[] = [];
  readonly #server: Server;
  #running = 0;

  private constructor(places: number, workMs: number) {
    this.#places = places;
    this.workMs = workMs;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      response.on('error', () => undefined);
      this.#waiting.push(response);
      this.#work();
    });
  }

  static async start(places: number, workMs: number): Promise<SlowBackend> {
    const backend = new SlowBackend(places, workMs);
    backend.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #work(): void {
    while (this.#running < this.#places) {
      const response = this.#waiting.shift();
      if (response === undefined) return;
      this.#running += 1;
      setTimeout(() => {
        this.#running -= 1;
        response.end('ok');
        this.#work();
      }, this.workMs);
    }
  }
}
