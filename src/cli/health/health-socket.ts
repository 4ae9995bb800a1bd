import { createServer, type Server } from 'node:net';
import { bindServer } from '../../net/listen/bind/bind-server.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import type { HealthPlace } from './health-place.ts';

/** The state of a proxy that a health check asks for. */
export interface HealthSubject {
  readonly ready: boolean;
  readonly logger: Logger;
}

/** The answer of a proxy that is ready. A line feed follows it on the socket. */
export const READY = 'ready';
const NOT_READY = 'not ready: it shuts down';

/**
 * Answers every connection with one line that says whether the proxy is ready, and closes it. An answer also shows that the event
 * loop runs. The socket does not depend on the config, so health checks go on whatever an edit does to listeners and the admin server.
 */
export class HealthSocket {
  readonly #server: Server;
  readonly #opened: Promise<void>;

  /** Opens the socket. A failure is logged, and the proxy runs without the socket. */
  constructor(place: HealthPlace, subject: HealthSubject) {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      // Nothing is read. A client that does not read the line either holds up nothing.
      socket.end(`${subject.ready ? READY : NOT_READY}\n`, () => socket.destroy());
    });
    this.#server.on('error', () => undefined);
    this.#opened = bindServer(this.#server, {
      address: { kind: 'unix', path: place.path },
      what: 'health socket',
    }).then(
      () => void this.#server.unref(),
      (error: unknown) => {
        subject.logger.warn('no health socket: balance health will find no proxy', {
          socket: place.shown,
          error,
        });
      },
    );
  }

  async close(): Promise<void> {
    await this.#opened;
    this.#server.close();
  }
}
