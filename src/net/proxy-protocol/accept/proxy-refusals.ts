import type { ProxyRefusalReason } from '../../../errors/proxy-refusal-reasons.ts';
import type { Endpoint, Logger } from '../../../plugin-api/index.ts';
import { QuietLog } from '../../../time/quiet-log.ts';

/** After a line about a reason, no line about the same reason is written for this time: clients must not fill the log. */
const QUIET_MS = 10_000;

/** The refused connections of one listener. Outlives its layers, which an edit replaces, as long as its socket stays. */
export class ProxyRefusals {
  readonly #logger: Logger;
  readonly #reasons = new Map<ProxyRefusalReason, { count: number; readonly quiet: QuietLog }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Number of connections that were refused for that reason. */
  count(reason: ProxyRefusalReason): number {
    return this.#reasons.get(reason)?.count ?? 0;
  }

  /**
   * Counts a refusal, and logs it unless a line about that reason was written a moment ago.
   *
   * @param listener its present name, for the log
   */
  note(listener: string, reason: ProxyRefusalReason, detail: string, peer: Endpoint): void {
    let seen = this.#reasons.get(reason);
    if (seen === undefined) {
      seen = { count: 0, quiet: new QuietLog(QUIET_MS) };
      this.#reasons.set(reason, seen);
    }
    seen.count += 1;
    seen.quiet.note((leftOut) => {
      this.#logger.warn('connection refused: no acceptable PROXY header', {
        listener,
        client_ip: peer.address,
        reason,
        detail,
        ...leftOut,
      });
    });
  }
}
