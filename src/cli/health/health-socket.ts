import { createServer, type Server } from 'node:net';
import { bindServer } from '../../net/listen/bind-server.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import type { HealthPlace } from './health-place.ts';

/** The state of a proxy that a health check may see. */
export interface HealthSubject {
  readonly ready: boolean;
  readonly logger: Logger;
}

/** The answer to a health check, with a line feed. */
export const READY = 'ready';
const NOT_READY = 'not ready: it shuts down';

/**
 * Tells every connection in one line whether the proxy is ready, and closes it: that tells also that the event loop turns. The
 * config has no say in it, so health checks go on working whatever an edit does to listeners and to the admin server.
 */
export class HealthSocket {
  readonly #server: Server;
  readonly #opened: Promise<void>;

  /** Opens it. A failure is logged: the proxy runs without it. */
  constructor(place: HealthPlace, subject: HealthSubject) {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      // Nothing is read, and a client that does not take the line away holds nothing.
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
