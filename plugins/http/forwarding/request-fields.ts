import type { Connection, TraceContext } from '../../../src/plugin-api/index.ts';
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
/** Fields that we write for some requests, in place of the client's. */
const OWN_SETS = {
  host: [HOST],
  /** The trace context. */
  trace: [TRACEPARENT],
  /** The trace's state, which has a meaning only together with its own context. */
  state: [TRACESTATE],
  hops: [MAX_FORWARDS],
  b3: [B3, X_B3_TRACEID, X_B3_SPANID, X_B3_PARENTSPANID, X_B3_SAMPLED, X_B3_FLAGS],
  jaeger: [UBER_TRACE_ID],
};
type OwnSet = keyof typeof OWN_SETS;
const OWN_SET_NAMES = Object.keys(OWN_SETS) as OwnSet[];

/** The bit of each set: its place in the list. */
export const OWN_BITS = Object.fromEntries(OWN_SET_NAMES.map((set, place) => [set, 1 << place])) as Record<
  OwnSet,
  number
>;

/** Which of the client's fields go on, for each combination of sets that we write ourselves: the index is the sum of their bits. */
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

/** What of a request changes on its way to the backend. */
export interface RequestChanges {
  /** The target, where it is not the client's. */
  readonly target: string | undefined;
  /** The authority of a target in absolute form, which replaces Host. */
  readonly authority: string | undefined;
  /** Our lines about the client. */
  readonly clientLines: string;
  /** The protocols that the client may switch to; '' for none. */
  readonly upgrade: string;
  /** Whether the backend must not wait for the body: we told the client to send it. */
  readonly isBodySent: boolean;
}

/**
 * The request's head for the backend, but for the lines that name the backend or the try.
 *
 * @param edits the transforms of the route
 * @param client whose own address names the host for clients that name none, as those of HTTP/1.0 may
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

/** The fields that tell the backend of one try its name and the trace, each line with a CRLF in front; '' where there are none. */
export function tryLines(request: ForwardedRequest, edits: FieldEdits | undefined): string {
  const { trace } = request;
  const late = edits?.lateLines(request) ?? '';
  const traced = trace === undefined ? '' : traceLines(trace, edits);
  return late === '' ? traced : `${traced}\r\n${late.slice(0, -2)}`;
}

/** Transforms may remove or replace the fields of the trace. */
function traceLines({ lines }: TraceContext, edits: FieldEdits | undefined): string {
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

/** The address that the client called. */
function ownHost({ transport }: Connection): string {
  const { address, port } = transport.local;
  if (port === 0) return 'localhost';
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** Takes out our lines whose names a transform removes or replaces, and adds those that it adds. */
function edited(lines: string, edits: FieldEdits, values: TemplateValues): string {
  const kept = without(lines, edits);
  const added = edits.earlyLines(values).split('\r\n').slice(0, -1);
  return [...kept, ...added].join('\r\n');
}

/** The lines but those whose names a transform removes or replaces. */
function without(lines: string, { removed }: FieldEdits): string[] {
  return lines.split('\r\n').filter((line) => !removed.has(line.slice(0, line.indexOf(':')).toLowerCase()));
}
