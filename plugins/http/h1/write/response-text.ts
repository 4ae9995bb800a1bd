import type { Exchange } from '../../exchange/exchange.ts';
import { X_REQUEST_ID } from '../../message/field-names.ts';
import type { Head } from '../parse/head.ts';
import { connectionLines, demandedUpgrade, UPGRADE_REQUIRED } from './response-connection.ts';
import { forwardedResponse } from './response-head.ts';

/**
 * The head of the backend's final response for the client, with its blank line. Settles whether the client's connection stays
 * open, because the head says so.
 *
 * @param isChunked whether the body goes to the client in chunks
 */
export function responseText(exchange: Exchange, head: Head, isChunked: boolean): string {
  const { instance, modern } = exchange;
  const edits = exchange.matched?.responseEdits;
  // An unread request body makes the connection useless after this response.
  exchange.keepAlive = exchange.keepAlive && !exchange.wantsBody && exchange.connection.mayStayOpen;
  const isPlain = edits === undefined && head.hasDate && head.status !== UPGRADE_REQUIRED;
  const keepsId = keepsRequestId(exchange, head);
  if (isPlain && !isChunked && exchange.keepAlive && modern && !keepsId) {
    const own = instance.via.lineAndId(head.minor) + exchange.requestId;
    return `${forwardedResponse(head, undefined)}${own}\r\n\r\n`;
  }
  let own = head.hasDate || edits?.removed.has('date') === true ? '' : `Date: ${instance.date.text}\r\n`;
  own += ownLines(exchange, head, keepsId);
  if (isChunked) own += 'Transfer-Encoding: chunked\r\n';
  own += connectionLines(exchange.keepAlive, modern, demandedUpgrade(head));
  return `${forwardedResponse(head, edits, keepsId)}${own}\r\n`;
}

/** The head of a 101 for the client, with its blank line. `chosen`: the protocol. */
export function switchingText(exchange: Exchange, head: Head, chosen: string): string {
  const keepsId = keepsRequestId(exchange, head);
  const passed = forwardedResponse(head, exchange.matched?.responseEdits, keepsId);
  const own = `${ownLines(exchange, head, keepsId)}Connection: Upgrade\r\nUpgrade: ${chosen}\r\n`;
  return `${passed}${own}\r\n`;
}

/** Whether the backend's own X-Request-ID goes on in place of ours. */
function keepsRequestId({ instance }: Exchange, head: Head): boolean {
  return instance.keepsResponseId && head.passesOn(X_REQUEST_ID);
}

/** Via, the request id and the lines that transforms add. */
function ownLines(exchange: Exchange, head: Head, keepsId: boolean): string {
  const edits = exchange.matched?.responseEdits;
  const via = exchange.instance.via.line(head.minor);
  const id = keepsId ? '' : `X-Request-ID: ${exchange.requestId}\r\n`;
  if (edits === undefined) return via + id;
  let lines = edits.removed.has('via') ? '' : via;
  if (!edits.removed.has('x-request-id')) lines += id;
  return lines + edits.earlyLines(exchange) + edits.lateLines(exchange);
}
