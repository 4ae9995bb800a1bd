import type { Exchange } from './exchange.ts';
import { MAX_FORWARDS } from './field-names.ts';
import type { FieldEdits } from './field-edits.ts';
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

/** The request's head for the backend, but for the lines that name the backend, the last line's CRLF, and the blank line. */
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
    trace: trace?.fields.w3c === true,
    state: trace?.fields.w3c === true && !trace.continued,
    hops: hops >= 0,
    b3: trace?.fields.b3 === true,
    jaeger: trace?.fields.jaeger === true,
  };
  const passed = forwardedRequest(head, changes.target, newHost, own, edits);
  let lines = changes.clientLines + exchange.requestId;
  if (hops >= 0) lines += `\r\nMax-Forwards: ${String(hops)}`;
  if (trace !== undefined) lines += trace.lines;
  if (edits !== undefined) lines = edited(lines, edits, exchange);
  if (body?.isChunked === true) lines += '\r\nTransfer-Encoding: chunked';
  if (upgrade !== '') lines += `\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}`;
  // Where transforms took all of our lines, the head ends with the client's.
  return lines === '' ? passed.slice(0, -2) : passed + lines;
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

/** Takes out our lines whose names a transform removes or replaces, and adds those that it adds. */
function edited(lines: string, edits: FieldEdits, exchange: Exchange): string {
  const kept = lines
    .split('\r\n')
    .filter((line) => !edits.removed.has(line.slice(0, line.indexOf(':')).toLowerCase()));
  const added = edits.earlyLines(exchange).split('\r\n').slice(0, -1);
  return [...kept, ...added].join('\r\n');
}
