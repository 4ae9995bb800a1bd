import {
  B3,
  CONTENT_LENGTH,
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
} from '../../message/field-names.ts';
import type { FieldEdits } from '../../forwarding/field-edits.ts';
import type { Head } from '../parse/head.ts';
import { ownFields, passedFields, type FieldRules } from './passed-fields.ts';

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
  length: [CONTENT_LENGTH],
};
type OwnSet = keyof typeof OWN_SETS;
const OWN_SET_NAMES = Object.keys(OWN_SETS) as OwnSet[];

/** The bit of each set, for {@link forwardedRequest}: its place in the list. */
export const OWN_BITS = Object.fromEntries(OWN_SET_NAMES.map((set, place) => [set, 1 << place])) as Record<
  OwnSet,
  number
>;

/** The rules for each combination of sets, by their bits. */
const PLAIN: readonly FieldRules[] = Array.from({ length: 1 << OWN_SET_NAMES.length }, (_, bits) => {
  const ids = OWN_SET_NAMES.filter((set) => (bits & OWN_BITS[set]) !== 0).flatMap((set) => OWN_SETS[set]);
  return { own: ownFields(...ABOUT_CLIENT, ...ids), edits: undefined };
});

const SPACE = 0x20;
/** ` HTTP/1.1` */
const VERSION_LENGTH = 9;

/**
 * The request line for the backend and the client's field lines that go on, each with its CRLF.
 *
 * @param own the sets of fields that we write ourselves beside those about the client: a sum of {@link OWN_BITS}
 */
export function forwardedRequest(
  head: Head,
  target: string | undefined,
  newHost: string | undefined,
  own: number,
  edits: FieldEdits | undefined,
): string {
  const plain = PLAIN[own] as FieldRules;
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
function isPlainLine({ bytes, urlStart, urlEnd, minor, isRewritten }: Head): boolean {
  return minor === 1 && !isRewritten && bytes[urlStart - 2] !== SPACE && bytes[urlEnd + 1] !== SPACE;
}
