import { messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { QuietLog } from '../../time/quiet-log.ts';
import type { TransportLayer } from './layer.ts';

/** A client can fail as often as it connects: at most one line in this time says that one failed before its protocol got it. */
const QUIET_MS = 1_000;

/** Logs the connections of one listener that a layer refused, at the level `debug`. */
export class SetupFailures {
  readonly #listener: { readonly name: string };
  readonly #logger: Logger;
  readonly #quiet = new QuietLog(QUIET_MS);

  /** @param listener Its name may change. */
  constructor(listener: { readonly name: string }, logger: Logger) {
    this.#listener = listener;
    this.#logger = logger;
  }

  /** @param client the client's address, as far as the layers have found it out */
  note(client: string, layer: TransportLayer, error: Error): void {
    if (!this.#logger.debugEnabled || layer.tellsFailures === true) return;
    this.#quiet.note((leftOut) => {
      this.#logger.debug('a connection ended before its protocol got it', {
        listener: this.#listener.name,
        client,
        layer: layer.name,
        error: messageOf(error),
        ...leftOut,
      });
    });
  }
}
