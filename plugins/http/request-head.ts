import {
  HOST,
  TRACEPARENT,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
} from './field-names.ts';
import type { FieldEdits } from './field-edits.ts';
import type { Head } from './head.ts';
import { ownFields, passedFields, type FieldRules } from './passed-fields.ts';

/** The fields that the proxy writes itself into each request, as an untrusted client must not choose them. */
const OWN = [X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_REAL_IP, X_REQUEST_ID];
/** By what else is ours: 1 the Host field (the target names another one), 2 the trace context. */
const OWN_BY_FLAGS = [
  ownFields(...OWN),
  ownFields(...OWN, HOST),
  ownFields(...OWN, TRACEPARENT),
  ownFields(...OWN, HOST, TRACEPARENT),
];
const PLAIN: readonly FieldRules[] = OWN_BY_FLAGS.map((own) => ({ own, edits: undefined }));

const SPACE = 0x20;
/** ` HTTP/1.1` */
const VERSION_LENGTH = 9;

/** The request line for the backend and the client's field lines that go on, each with its CRLF. */
export function forwardedRequest(
  head: Head,
  target: string | undefined,
  newHost: string | undefined,
  traced: boolean,
  edits: FieldEdits | undefined,
): string {
  const flags = (newHost === undefined ? 0 : 1) + (traced ? 2 : 0);
  const plain = PLAIN[flags] as FieldRules;
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
