import type { ErrorCode } from '../../../src/errors.ts';

/** What a retry policy sees of an attempt that brought no response. */
export interface FailedAttempt {
  /** Counted from 1 within an exchange. */
  readonly number: number;
  /** True when the channel had served an earlier exchange: the backend may have closed it because it was idle. */
  readonly reused: boolean;
  /** True once a byte of a response, an interim one included, arrived. */
  readonly heard: boolean;
  /** True once an interim response went to the client. */
  readonly passedInterim: boolean;
}

/** How a request is sent again. */
export interface Retry {
  /** True when the next attempt must use a new connection. */
  readonly needsFreshChannel: boolean;
  /** How long to wait before. */
  readonly delayMs: number;
}

/** Says whether a request is sent again after an attempt that brought no response. */
export interface RetryPolicy {
  /** A complete body up to this size is kept after it was sent, so that it can be sent again. */
  readonly replayBytes: number;
  /**
   * Decides after a failed attempt; called only while no byte of a response went to the client. undefined: no further attempt, and the
   * client gets an error. The arguments are plain values, so that a call makes no object.
   *
   * @param isRepeatable true while the whole body of the request is kept, or when there is none
   */
  next(error: ErrorCode, attempt: FailedAttempt, method: string, isRepeatable: boolean): Retry | undefined;
}

/** The backend of an idle connection that died may well work: nothing is gained by waiting. */
export const ON_FRESH_CHANNEL: Retry = { needsFreshChannel: true, delayMs: 0 };

/**
 * Sends a request a second time, on a new connection, when the backend most likely closed an idle connection before it saw the request
 * (RFC 9112 9.3.1). It needs no setting, because it is safe: only idempotent methods, only once, only when no byte of a response came.
 */
export class ReplaceDeadChannel implements RetryPolicy {
  readonly replayBytes = 16 * 1024;

  next(error: ErrorCode, attempt: FailedAttempt, method: string, isRepeatable: boolean): Retry | undefined {
    if (error !== 'backend_reset' || attempt.heard || !attempt.reused || attempt.number > 1) return undefined;
    return isRepeatable && isIdempotent(method) ? ON_FRESH_CHANNEL : undefined;
  }
}

/**
 * The methods that IANA's registry of HTTP methods calls idempotent, with QUERY, whose definition does so. All others, those
 * that are not registered included, may do something twice when they are sent twice.
 *
 * Source: https://www.iana.org/assignments/http-methods; RFC 9110 9.2.2.
 */
const IDEMPOTENT: ReadonlySet<string> = new Set(
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET HEAD LABEL LINK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF
  MKWORKSPACE MOVE OPTIONS ORDERPATCH PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK
  UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/),
);

/** Whether a request may be sent again although the backend may have executed it already. Methods are case-sensitive. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
