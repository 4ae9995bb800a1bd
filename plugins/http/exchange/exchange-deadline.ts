import type { ErrorCode } from '../../../src/errors.ts';
import { refuseRequest, type Refusal } from '../message/refusal/refusal.ts';
import type { ServerStream } from '../message/server-stream.ts';
import { DRIPPED_BODY, SLOW_BODY } from '../refusals/request-check.ts';
import type { Attempt } from './attempt.ts';
import type { RequestBody } from './request-body.ts';

/** A timer may fire this many milliseconds too early. */
const TIMER_SLACK_MS = 1;

/** The exchange, as its time limits see it: what they depend on, and how they end it. */
export interface TimedExchange {
  readonly stream: ServerStream;
  readonly body: RequestBody | undefined;
  /** The attempt that runs; undefined while none does. */
  readonly attempt: Attempt | undefined;
  /** The filters of the route; undefined on a route without filters. */
  readonly filtering:
    { readonly isWaiting: boolean; readonly timeoutMs: number; timedOut(): void } | undefined;
  readonly elapsedMs: number;
  readonly timeouts: { readonly request: number; readonly read: number };
  /** For how many milliseconds the backend may be silent. */
  readonly readTimeoutMs: number;
  refuse(refusal: Refusal): void;
  /** Knows how long one try may take; undefined where the upstream does not limit it. */
  readonly retries: { leftMs(sentAtMs: number): number } | undefined;
  fail(status: number, code: ErrorCode, reason: string, detail?: string): void;
  /** The head of the response did not come in time: another try follows, or the exchange fails. */
  responseLate(): void;
  abort(code: ErrorCode, detail?: string): void;
}

/**
 * Sets the time limit for the next event anew; called whenever something moved. An exchange has at most one time limit at a time, in
 * the one deadline of its stream.
 */
export function renewDeadline(exchange: TimedExchange): void {
  if (exchange.body?.isTooSlow() === true) {
    exchange.refuse(refuseRequest(DRIPPED_BODY));
    return;
  }
  const { deadline } = exchange.stream;
  const totalMs = exchange.timeouts.request;
  let dueMs = nextEventMs(exchange);
  if (totalMs > 0) dueMs = Math.min(dueMs, totalMs - exchange.elapsedMs);
  if (dueMs === Number.POSITIVE_INFINITY) deadline.clear();
  else deadline.set(dueMs);
}

/** How many milliseconds the next event may take. */
function nextEventMs(exchange: TimedExchange): number {
  const { attempt, stream } = exchange;
  const isBodyAwaited = exchange.body?.isAwaited === true;
  if (exchange.filtering?.isWaiting === true) return exchange.filtering.timeoutMs;
  // While the exchange waits for a lease, the upstream applies limits of its own.
  if (attempt === undefined) return isBodyAwaited ? exchange.timeouts.read : Number.POSITIVE_INFINITY;
  if (stream.isBlocked) return stream.awaitReader();
  const waitsForClient = isBodyAwaited && (!attempt.begun || attempt.isSwitched);
  if (waitsForClient) return exchange.timeouts.read;
  if (exchange.retries === undefined || attempt.begun) return exchange.readTimeoutMs;
  return Math.min(exchange.readTimeoutMs, exchange.retries.leftMs(attempt.sentAtMs));
}

/**
 * Acts on a deadline that passed. Either the whole exchange or its next event took too long, or it is time to check how much of its
 * response a slow client has taken.
 */
export function expire(exchange: TimedExchange): void {
  const { attempt, stream } = exchange;
  const totalMs = exchange.timeouts.request;
  const isBodyAwaited = exchange.body?.isAwaited === true;
  if (totalMs > 0 && exchange.elapsedMs >= totalMs - TIMER_SLACK_MS) {
    exchange.fail(504, 'request_timeout', 'the request took too long');
  } else if (exchange.filtering?.isWaiting === true) {
    exchange.filtering.timedOut();
  } else if (attempt !== undefined && stream.isBlocked) {
    if (stream.keepsPace()) renewDeadline(exchange);
    else exchange.abort('reader_too_slow');
  } else if (attempt?.begun === true) {
    if (attempt.isSwitched && isBodyAwaited) exchange.abort('body_timeout');
    else exchange.abort('backend_timeout', 'the backend stopped in the middle of its response');
  } else if (isBodyAwaited) exchange.refuse(refuseRequest(SLOW_BODY));
  else exchange.responseLate();
}
