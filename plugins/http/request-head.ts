import {
  B3,
  FORWARDED,
  HOST,
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
} from './field-names.ts';
import type { FieldEdits } from './field-edits.ts';
import type { Head } from './head.ts';
import { ownFields, passedFields, type FieldRules } from './passed-fields.ts';

/** Which fields, beside those about the client, we write ourselves in place of the client's. */
export interface OwnFields {
  readonly host: boolean;
  /** The trace context. */
  readonly trace: boolean;
  /** The trace's state, which is only worth something with the context that it came with. */
  readonly state: boolean;
  /** Max-Forwards. */
  readonly hops: boolean;
  /** b3 and X-B3-*. */
  readonly b3: boolean;
  /** uber-trace-id. */
  readonly jaeger: boolean;
}

/** What is told about the client: an untrusted one must not choose it. */
const ABOUT_CLIENT = [
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PORT,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
  FORWARDED,
];
/** The names of each of {@link OwnFields}, whose place is its bit. */
const BY_BIT = [
  [HOST],
  [TRACEPARENT],
  [TRACESTATE],
  [MAX_FORWARDS],
  [B3, X_B3_TRACEID, X_B3_SPANID, X_B3_PARENTSPANID, X_B3_SAMPLED, X_B3_FLAGS],
  [UBER_TRACE_ID],
];
/** The rules for each combination of {@link OwnFields}, its members being bits. */
const PLAIN: readonly FieldRules[] = Array.from({ length: 1 << BY_BIT.length }, (_, bits) => {
  const ids = BY_BIT.filter((_ids, bit) => (bits & (1 << bit)) !== 0).flat();
  return { own: ownFields(...ABOUT_CLIENT, ...ids), edits: undefined };
});

const SPACE = 0x20;
/** ` HTTP/1.1` */
const VERSION_LENGTH = 9;

/** The request line for the backend and the client's field lines that go on, each with its CRLF. */
export function forwardedRequest(
  head: Head,
  target: string | undefined,
  newHost: string | undefined,
  own: OwnFields,
  edits: FieldEdits | undefined,
): string {
  const bits =
    Number(own.host) +
    2 * Number(own.trace) +
    4 * Number(own.state) +
    8 * Number(own.hops) +
    16 * Number(own.b3) +
    32 * Number(own.jaeger);
  const plain = PLAIN[bits] as FieldRules;
  const rules = edits === undefined ? plain : { own: plain.own, edits };
  if (target === undefined && newHost === undefined && isPlainLine(head)) {
    // The client's line may go on as it is.
    return passedFields(head, rules, head.urlStart - head.method.length - 1, head.urlEnd + VERSION_LENGTH);
  }
  const host = newHost === undefined ? '' : `Host: ${newHost}\r\n`;
  const asked = target ?? head.bytes.latin1Slice(head.urlStart, head.urlEnd);
  return `${head.method} ${asked} HTTP/1.1\r\n${host}${passedFields(head, rules, -1, 0)}`;
}

/** Whether the request line is exactly method, space, target, space, HTTP/1.1: the parser takes several spaces too. */
function isPlainLine({ bytes, urlStart, urlEnd, minor }: Head): boolean {
  return minor === 1 && bytes[urlStart - 2] !== SPACE && bytes[urlEnd + 1] !== SPACE;
}
