import { handshakeReasonText } from '../../errors.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import type { HandshakeObserver, HandshakeRecord } from '../../readings/handshake.ts';
import { QuietLog } from '../../time/quiet-log.ts';

/** A line at `info` about the same reason at the same place is written at most this often. */
const QUIET_MS = 60_000;
/** At most so many lines at `debug` within a second: a client can cause thousands of failures in this time. */
const MOST_DETAILS_A_SECOND = 20;
/** OpenSSL's own words can be long, and so can what a client offers. */
const MOST_DETAIL_LENGTH = 200;
/** Places (listeners, upstreams) that are told apart. Their names come from the config, and edits bring new ones. */
const MOST_PLACES = 1_000;

/** Failures are counted in windows of this length. */
const WINDOW_MS = 60_000;
/** The warning comes when a window has so many failures … */
const MANY_FAILURES = 100;
/** … and they are so large a share of its handshakes. On a busy listener some clients always fail. */
const MANY_SHARE = 0.2;

/**
 * Logs TLS handshakes that were not done, so that neither clients nor attackers can fill the log: at `info` the first one of each reason
 * and then one a minute; at `debug` each of them, up to a rate; as a warning that many of them fail, once a minute. Failures with backends
 * are logged at `debug` alone, because the request or the health check that they ended has a line of its own.
 */
export class HandshakeLog implements HandshakeObserver {
  readonly #logger: Logger;
  readonly #places = new Map<string, Place>();
  #details = 0;
  #detailsLeftOut = 0;
  #secondEndsAtMs = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  handshake(record: HandshakeRecord): void {
    const place = this.#placeOf(record);
    const nowMs = performance.now();
    if (nowMs - place.beganAtMs >= WINDOW_MS) place.begin(nowMs);
    if (record.status === 'ok') {
      place.done += 1;
      return;
    }
    if (this.#logger.debugEnabled) this.#logDetails(record, nowMs);
    // Nothing failed: the client that the connection was made for has left, which it may do at any time.
    if (record.reason === 'not_needed') return;
    place.fail(record.reason ?? 'other');
    if (!isOfBackend(record) && !this.#logger.debugEnabled) this.#logReason(record, place);
    if (place.isAlarming) this.#warn(record, place, nowMs);
  }

  #logDetails(record: HandshakeRecord, nowMs: number): void {
    if (nowMs >= this.#secondEndsAtMs) {
      this.#secondEndsAtMs = nowMs + 1_000;
      this.#details = 0;
    }
    if (this.#details >= MOST_DETAILS_A_SECOND) {
      this.#detailsLeftOut += 1;
      return;
    }
    this.#details += 1;
    const leftOut = this.#detailsLeftOut;
    this.#detailsLeftOut = 0;
    const words = record.reason === 'not_needed' ? 'TLS handshake given up' : 'TLS handshake failed';
    this.#logger.debug(words, {
      ...fieldsOf(record),
      duration_ms: Math.round(record.durationMs),
      detail: record.detail?.slice(0, MOST_DETAIL_LENGTH),
      more_before: leftOut === 0 ? undefined : leftOut,
    });
  }

  #logReason(record: HandshakeRecord, place: Place): void {
    place.quiet(record.reason ?? 'other').note((leftOut) => {
      this.#logger.info('TLS handshake failed', { ...fieldsOf(record), ...leftOut });
    });
  }

  #warn(record: HandshakeRecord, place: Place, nowMs: number): void {
    place.hasWarned = true;
    this.#logger.warn('many TLS handshakes fail', {
      ...placeFields(record),
      failed: place.failed,
      done: place.done,
      within_ms: Math.round(nowMs - place.beganAtMs),
      reasons: place.reasons,
      last_client: isOfBackend(record) ? undefined : record.address,
    });
  }

  #placeOf({ side, owner }: HandshakeRecord): Place {
    const key = `${side} ${owner}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      if (this.#places.size >= MOST_PLACES) this.#places.clear();
      place = new Place();
      this.#places.set(key, place);
    }
    return place;
  }
}

/** The handshakes of one listener or upstream in the present window. */
class Place {
  beganAtMs = performance.now();
  done = 0;
  failed = 0;
  hasWarned = false;
  readonly #reasons = new Map<string, number>();
  readonly #quiet = new Map<string, QuietLog>();

  begin(nowMs: number): void {
    this.beganAtMs = nowMs;
    this.done = 0;
    this.failed = 0;
    this.hasWarned = false;
    this.#reasons.clear();
  }

  fail(reason: string): void {
    this.failed += 1;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  get isAlarming(): boolean {
    const { done, failed, hasWarned } = this;
    return !hasWarned && failed >= MANY_FAILURES && failed >= MANY_SHARE * (done + failed);
  }

  /** As in `timeout: 80, peer_left: 20`, the most frequent one first. */
  get reasons(): string {
    const sorted = [...this.#reasons].sort(([, a], [, b]) => b - a);
    return sorted.map(([reason, count]) => `${reason}: ${String(count)}`).join(', ');
  }

  quiet(reason: string): QuietLog {
    const quiet = this.#quiet.get(reason) ?? new QuietLog(QUIET_MS);
    this.#quiet.set(reason, quiet);
    return quiet;
  }
}

function fieldsOf(record: HandshakeRecord): Record<string, unknown> {
  const { address, backend, sni, offered, reason = 'other' } = record;
  const isBackend = isOfBackend(record);
  return {
    ...placeFields(record),
    ...(backend !== undefined && { backend }),
    ...(isBackend ? { address } : { client: address }),
    sni,
    offered: offered?.slice(0, MOST_DETAIL_LENGTH),
    error: reason,
    reason: handshakeReasonText(reason, isBackend ? 'backend' : 'client'),
  };
}

/** Whether the other end is a backend, and the proxy the client. */
function isOfBackend({ side }: HandshakeRecord): boolean {
  return side === 'backend' || side === 'check';
}

function placeFields({ side, owner }: HandshakeRecord): Record<string, unknown> {
  if (side === 'backend') return { upstream: owner };
  if (side === 'check') return { backend: owner, health_check: true };
  return side === 'admin' ? { server: owner } : { listener: owner };
}
