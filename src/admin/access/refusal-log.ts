import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../plugin-api/logger.ts';
import { QuietLog } from '../../time/quiet-log.ts';

/** A client that tries many tokens must not fill the log. */
const QUIET_MS = 10_000;
const MAX_PATH_LENGTH = 200;

/** Logs refused requests, with at most one line in ten seconds. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #quiet = new QuietLog(QUIET_MS);

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(request: IncomingMessage, path: string, reason: string): void {
    this.#quiet.note((leftOut) => {
      this.#logger.warn('admin request refused', {
        reason,
        client: request.socket.remoteAddress ?? 'unix',
        method: request.method ?? '',
        path: path.slice(0, MAX_PATH_LENGTH),
        ...leftOut,
      });
    });
  }
}
