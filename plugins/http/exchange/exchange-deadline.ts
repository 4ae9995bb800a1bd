import type { Exchange } from './exchange.ts';
import { refuseRequest } from '../message/refusal.ts';
import { DRIPPED_BODY, SLOW_BODY } from '../refusals/request-check.ts';

/** A timer may fire this much too early. */
const TIMER_SLACK_MS = 1;

/**
 * Something moved: the time until the next event is due begins anew. An exchange has at most one time limit at a moment, and
 * it uses the one deadline of its connection.
 */
export function renewDeadline(exchange: Exchange): void {
  if (exchange.body?.isTooSlow() === true) {
    exchange.refuse(refuseRequest(DRIPPED_BODY));
    return;
  }
  const { deadline } = exchange.connection;
  const totalMs = exchange.instance.options.timeouts.request;
  let dueMs = nextEventMs(exchange);
  if (totalMs > 0) dueMs = Math.min(dueMs, totalMs - exchange.elapsedMs);
  if (dueMs === Number.POSITIVE_INFINITY) deadline.clear();
  else deadline.set(dueMs);
}

/** How long the next event may take. */
function nextEventMs(exchange: Exchange): number {
  const { instance, response, matched } = exchange;
  const { read: readMs } = instance.options.timeouts;
  const isBodyAwaited = exchange.body?.isAwaited === true;
  // While the exchange waits for a lease, the limits of the upstream count.
  if (response === undefined || matched === undefined)
    return isBodyAwaited ? readMs : Number.POSITIVE_INFINITY;
  if (response.clientFull) return exchange.connection.watchTaking(instance);
  return isBodyAwaited && (!response.begun || response.switched) ? readMs : matched.upstream.readTimeoutMs;
}

/**
 * The deadline passed. Either the whole exchange or its next event took too long, or it is time to look how much a slow client
 * took of its response.
 */
export function expire(exchange: Exchange): void {
  const { response, instance } = exchange;
  const totalMs = instance.options.timeouts.request;
  const isBodyAwaited = exchange.body?.isAwaited === true;
  if (totalMs > 0 && exchange.elapsedMs >= totalMs - TIMER_SLACK_MS) {
    exchange.fail(504, 'request_timeout', 'the request took too long');
  } else if (response?.clientFull === true) {
    if (exchange.connection.taking.keepsPace()) renewDeadline(exchange);
    else exchange.abort('reader_too_slow');
  } else if (response?.begun === true) {
    if (response.switched && isBodyAwaited) exchange.abort('body_timeout');
    else exchange.abort('backend_timeout', 'the backend stopped in the middle of its response');
  } else if (isBodyAwaited) exchange.refuse(refuseRequest(SLOW_BODY));
  else exchange.fail(504, 'backend_timeout', 'the backend took too long');
}
