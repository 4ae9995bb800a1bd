import type { Exchange } from './exchange.ts';
import { MAX_FORWARDS } from './field-names.ts';
import type { Head } from './head.ts';
import { forwardedRequest } from './request-head.ts';
import type { CompiledRoute } from './router.ts';

/** What of a request changes on its way to the backend. */
export interface RequestChanges {
  /** The target, where it is not the client's. */
  readonly target: string | undefined;
  /** The authority of a target in absolute form, which replaces Host. */
  readonly authority: string | undefined;
  /** Our lines about the client. */
  readonly clientLines: string;
}

/** The request's head for the backend, but for the lines that name the backend, and the blank line. */
export function requestText(
  exchange: Exchange,
  head: Head,
  route: CompiledRoute,
  changes: RequestChanges,
): string {
  const edits = route.requestEdits;
  const { trace, body, upgrade } = exchange;
  let newHost = changes.authority ?? (head.hosts === 0 ? ownHost(exchange) : undefined);
  // A transform that sets Host has the last word, and there is only one Host.
  if (edits?.removed.has('host') === true) newHost = undefined;
  const hops = hopsLeft(exchange.method, head);
  const own = {
    host: newHost !== undefined,
    trace: trace !== undefined,
    state: trace?.continued === false,
    hops: hops >= 0,
  };
  const passed = forwardedRequest(head, changes.target, newHost, own, edits);
  let lines = `${changes.clientLines}${exchange.instance.via.line(head.minor)}X-Request-ID: ${exchange.requestId}\r\n`;
  if (hops >= 0) lines += `Max-Forwards: ${String(hops)}\r\n`;
  if (trace !== undefined) lines += `traceparent: ${trace.traceparent}\r\n`;
  if (edits !== undefined) lines = withoutFields(lines, edits.removed) + edits.earlyLines(exchange);
  if (body?.isChunked === true) lines += 'Transfer-Encoding: chunked\r\n';
  if (upgrade !== '') lines += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return passed + lines;
}

/** What is left of Max-Forwards for the backend; -1 for requests that have none, or that it says nothing to (RFC 9110 7.6.2). */
function hopsLeft(method: string, head: Head): number {
  if (method !== 'TRACE' && method !== 'OPTIONS') return -1;
  const hops = maxForwards(head);
  return hops > 0 ? hops - 1 : -1;
}

/** The value of Max-Forwards; -1 without a valid one. */
export function maxForwards(head: Head): number {
  const text = head.joined(MAX_FORWARDS);
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

/** For clients of HTTP/1.0 that name no host: the address that they called. */
function ownHost({ connection }: Exchange): string {
  const { localAddress, localPort } = connection.connection;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return localPort === 0 ? 'localhost' : `${address}:${String(localPort)}`;
}

/** Takes out field lines whose names a transform removes or replaces. */
function withoutFields(lines: string, removed: ReadonlySet<string>): string {
  if (removed.size === 0) return lines;
  let text = '';
  for (const line of lines.split('\r\n')) {
    if (line !== '' && !removed.has(line.slice(0, line.indexOf(':')).toLowerCase())) text += `${line}\r\n`;
  }
  return text;
}
