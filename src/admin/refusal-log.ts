import type { IncomingMessage } from 'node:http';
import type { Logger } from '../plugin-api/logger.ts';

/** Whoever tries many tokens fills no log. */
const QUIET_MS = 10_000;
const MAX_PATH_LENGTH = 200;

/** Tells of requests that were refused, one line in ten seconds at most. */
export class RefusalLog {
  readonly #logger: Logger;
  #quietUntilMs = 0;
  #untold = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(request: IncomingMessage, path: string, reason: string): void {
    const nowMs = performance.now();
    if (nowMs < this.#quietUntilMs) {
      this.#untold += 1;
      return;
    }
    this.#quietUntilMs = nowMs + QUIET_MS;
    this.#logger.warn('admin request refused', {
      reason,
      client: request.socket.remoteAddress ?? 'unix',
      method: request.method ?? '',
      path: path.slice(0, MAX_PATH_LENGTH),
      ...(this.#untold > 0 ? { more_before: this.#untold } : undefined),
    });
    this.#untold = 0;
  }
}
