import type { TraceContext } from '../../../../src/plugin-api/index.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { MAX_FORWARDS } from '../../message/field-names.ts';
import type { FieldEdits } from '../../forwarding/field-edits.ts';
import type { Head } from '../parse/head.ts';
import { forwardedRequest, OWN_BITS } from './request-head.ts';
import type { CompiledRoute } from '../../instance/compiled-route.ts';

/** What of a request changes on its way to the backend. */
export interface RequestChanges {
  /** The target, where it is not the client's. */
  readonly target: string | undefined;
  /** The authority of a target in absolute form, which replaces Host. */
  readonly authority: string | undefined;
  /** Our lines about the client. */
  readonly clientLines: string;
}

/** The request's head for the backend, but for the lines that name the backend or the try, the last line's CRLF, and the blank line. */
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
  let own = newHost === undefined ? 0 : OWN_BITS.host;
  if (hops >= 0) own |= OWN_BITS.hops;
  if (trace !== undefined) own |= traceBits(trace);
  if (!head.hasPlainLength) own |= OWN_BITS.length;
  const passed = forwardedRequest(head, changes.target, newHost, own, edits);
  let lines = changes.clientLines + exchange.requestId;
  if (hops >= 0) lines += `\r\nMax-Forwards: ${String(hops)}`;
  if (edits !== undefined) lines = edited(lines, edits, exchange);
  if (!head.hasPlainLength) lines += `\r\nContent-Length: ${String(head.contentLength)}`;
  if (body?.isChunked === true) lines += '\r\nTransfer-Encoding: chunked';
  if (upgrade !== '') lines += `\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}`;
  // Where transforms took all of our lines, the head ends with the client's.
  return lines === '' ? passed.slice(0, -2) : passed + lines;
}

/** The lines that tell the backend of one try about the trace, each with a CRLF in front; '' where transforms remove or replace them. */
export function traceLines({ lines }: TraceContext, route: CompiledRoute | undefined): string {
  const edits = route?.requestEdits;
  return edits === undefined ? lines : without(lines, edits).join('\r\n');
}

/** The fields of the formats in which the trace is told to the backend. */
function traceBits({ fields, continued }: TraceContext): number {
  let bits = 0;
  if (fields.w3c) bits |= continued ? OWN_BITS.trace : OWN_BITS.trace | OWN_BITS.state;
  if (fields.b3) bits |= OWN_BITS.b3;
  if (fields.jaeger) bits |= OWN_BITS.jaeger;
  return bits;
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
  const kept = without(lines, edits);
  const added = edits.earlyLines(exchange).split('\r\n').slice(0, -1);
  return [...kept, ...added].join('\r\n');
}

/** The lines but those whose names a transform removes or replaces. */
function without(lines: string, { removed }: FieldEdits): string[] {
  return lines.split('\r\n').filter((line) => !removed.has(line.slice(0, line.indexOf(':')).toLowerCase()));
}
