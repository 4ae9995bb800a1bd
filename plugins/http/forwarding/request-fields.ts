import type { Backend, Connection, TraceContext } from '../../../src/plugin-api/index.ts';
import type { ClientCodec, RequestDraft } from '../message/client-stream.ts';
import {
  B3,
  FORWARDED,
  HOST,
  LOOK_ALIKE,
  MAX_FORWARDS,
  TRACEPARENT,
  TRACESTATE,
  UBER_TRACE_ID,
  X_B3_FLAGS,
  X_B3_PARENTSPANID,
  X_B3_SAMPLED,
  X_B3_SPANID,
  X_B3_TRACEID,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PORT,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
} from '../message/field-names.ts';
import { ownFields, type FieldRules } from '../message/field-rules.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { FieldEdits } from './field-edits.ts';
import type { TemplateValues } from './template.ts';

/** Fields that tell backends about the client: an untrusted client must not choose them, and no client may use another spelling. */
const ABOUT_CLIENT = [
  LOOK_ALIKE,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PORT,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
  FORWARDED,
];
/** Fields that the proxy writes for some requests, in place of the client's. */
const OWN_SETS = {
  host: [HOST],
  /** The trace context. */
  trace: [TRACEPARENT],
  /** The state of the trace, which only has a meaning together with the context that it came with. */
  state: [TRACESTATE],
  hops: [MAX_FORWARDS],
  b3: [B3, X_B3_TRACEID, X_B3_SPANID, X_B3_PARENTSPANID, X_B3_SAMPLED, X_B3_FLAGS],
  jaeger: [UBER_TRACE_ID],
};
type OwnSet = keyof typeof OWN_SETS;
const OWN_SET_NAMES = Object.keys(OWN_SETS) as OwnSet[];

/** The bit of each set, by its index in the list. */
export const OWN_BITS = Object.fromEntries(OWN_SET_NAMES.map((set, place) => [set, 1 << place])) as Record<
  OwnSet,
  number
>;

/** Which of the client's fields are forwarded, for each combination of sets that the proxy writes: the index is the sum of their bits. */
export const REQUEST_RULES: readonly FieldRules[] = Array.from(
  { length: 1 << OWN_SET_NAMES.length },
  (_, bits) => {
    const ids = OWN_SET_NAMES.filter((set) => (bits & OWN_BITS[set]) !== 0).flatMap((set) => OWN_SETS[set]);
    return { own: ownFields(...ABOUT_CLIENT, ...ids), filter: undefined };
  },
);

/** The request that is forwarded. */
export interface ForwardedRequest extends TemplateValues {
  readonly trace: TraceContext | undefined;
}

/** What the proxy changes about a request on its way to the backend. */
export interface RequestChanges {
  /** The target that replaces the client's; undefined keeps the client's. */
  readonly target: string | undefined;
  /** The authority of a target in absolute form, which replaces Host. */
  readonly authority: string | undefined;
  /** The proxy's lines about the client, see {@link ClientFields}. */
  readonly clientLines: string;
  /** The protocols that the backend may switch to; '' for none. */
  readonly upgrade: string;
  /** True when the proxy has sent 100 Continue to the client itself: the backend must not wait for the body. */
  readonly isBodySent: boolean;
}

/**
 * Makes the request's head for the backend, without the lines that name the backend or the attempt.
 *
 * @param edits the transforms of the route
 * @param client its connection: when the request has no Host, as HTTP/1.0 allows, the address that the client called becomes the Host
 */
export function draftRequest(
  codec: ClientCodec,
  request: ForwardedRequest,
  head: RequestHead,
  edits: FieldEdits | undefined,
  changes: RequestChanges,
  client: Connection,
): RequestDraft {
  const { trace } = request;
  let host = changes.authority ?? (head.hosts === 0 ? ownHost(client) : undefined);
  // A transform that sets Host has the last word, and there is only one Host.
  if (edits?.removed.has('host') === true) host = undefined;
  const hops = hopsLeft(request.method, head);
  let own = host === undefined ? 0 : OWN_BITS.host;
  if (hops >= 0) own |= OWN_BITS.hops;
  if (trace !== undefined) own |= traceBits(trace);
  let lines = changes.clientLines + request.requestId;
  if (hops >= 0) lines += `\r\nMax-Forwards: ${String(hops)}`;
  if (edits !== undefined) lines = edited(lines, edits, request);
  const plain = REQUEST_RULES[own] as FieldRules;
  const rules = edits === undefined ? plain : { own: plain.own, filter: edits };
  const { target, upgrade, isBodySent } = changes;
  return codec.draft(head, { target, host, rules, upgrade, isBodySent }, lines);
}

/** The fields of one attempt: the trace, and transforms that name the backend. Each line has a CRLF in front; '' when there are none. */
export function tryLines(request: ForwardedRequest, edits: FieldEdits | undefined): string {
  const { trace } = request;
  const late = edits?.lateLines(request) ?? '';
  const traced = trace === undefined ? '' : traceLines(trace, edits);
  return late === '' ? traced : `${traced}\r\n${late.slice(0, -2)}`;
}

/** A request that is sent to several backends at a time. */
export interface SharedRequest extends ForwardedRequest {
  readonly requestEdits: FieldEdits | undefined;
  backend: Backend | undefined;
}

/** What a backend gets that has the request beside another one. */
export interface SideLines {
  /** As {@link tryLines}. */
  readonly lines: string;
  /** The span that they name; undefined without a trace. */
  readonly spanId: string | undefined;
}

/** Like {@link tryLines}, for a backend that gets the request beside another one: the lines name that backend, and a span of its own. */
export function sideLines(request: SharedRequest, backend: Backend): SideLines {
  const { trace, backend: present } = request;
  const presentSpanId = trace?.trySpanId ?? '';
  trace?.nextTry();
  // Templates may name the backend.
  request.backend = backend;
  const lines = tryLines(request, request.requestEdits);
  request.backend = present;
  const spanId = trace?.trySpanId;
  trace?.resumeTry(presentSpanId);
  return { lines, spanId };
}

/** The lines of the trace, without those that a transform removes or replaces. */
function traceLines({ lines }: TraceContext, edits: FieldEdits | undefined): string {
  return edits === undefined ? lines : without(lines, edits).join('\r\n');
}

/** The sets of fields that the trace replaces, by the formats in which the backend gets it. */
function traceBits({ fields, continued }: TraceContext): number {
  let bits = 0;
  if (fields.w3c) bits |= continued ? OWN_BITS.trace : OWN_BITS.trace | OWN_BITS.state;
  if (fields.b3) bits |= OWN_BITS.b3;
  if (fields.jaeger) bits |= OWN_BITS.jaeger;
  return bits;
}

/** The Max-Forwards that the backend gets; -1 for none: only TRACE and OPTIONS have one (RFC 9110 7.6.2). */
function hopsLeft(method: string, head: RequestHead): number {
  if (method !== 'TRACE' && method !== 'OPTIONS') return -1;
  const hops = maxForwards(head);
  return hops > 0 ? hops - 1 : -1;
}

/** The value of Max-Forwards; -1 without a valid one. */
export function maxForwards(head: RequestHead): number {
  const text = head.joined(MAX_FORWARDS);
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

/** The local address of the connection: the one that the client called. */
function ownHost({ transport }: Connection): string {
  const { address, port } = transport.local;
  if (port === 0) return 'localhost';
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** The proxy's own lines after transforms: without those whose names a transform removes or replaces, and with those that it adds. */
function edited(lines: string, edits: FieldEdits, values: TemplateValues): string {
  const kept = without(lines, edits);
  const added = edits.earlyLines(values).split('\r\n').slice(0, -1);
  return [...kept, ...added].join('\r\n');
}

/** The lines without those whose names a transform removes or replaces. */
function without(lines: string, { removed }: FieldEdits): string[] {
  return lines.split('\r\n').filter((line) => !removed.has(line.slice(0, line.indexOf(':')).toLowerCase()));
}
