import { CONTENT_LENGTH, X_REQUEST_ID } from '../../message/field-names.ts';
import type { FieldEdits } from '../../forwarding/field-edits.ts';
import type { Head } from '../parse/head.ts';
import { ownFields, passedFields, type FieldRules } from './passed-fields.ts';

const FINAL: FieldRules = { own: ownFields(X_REQUEST_ID), edits: undefined };
/** 1xx and 204 have no Content-Length (RFC 9110 8.6). */
const WITHOUT_LENGTH: FieldRules = { own: ownFields(X_REQUEST_ID, CONTENT_LENGTH), edits: undefined };

/** The same for a response whose X-Request-ID goes on. */
const FINAL_WITH_ID: FieldRules = { own: ownFields(), edits: undefined };
const WITHOUT_LENGTH_WITH_ID: FieldRules = { own: ownFields(CONTENT_LENGTH), edits: undefined };

const CAPITAL_H = 0x48;
/** `HTTP/1.1 200 ` */
const BEFORE_REASON_LENGTH = 13;

/** The status line and the backend's field lines that go on to the client, each with its CRLF. `keepsId`: X-Request-ID does. */
export function forwardedResponse(head: Head, edits: FieldEdits | undefined, keepsId = false): string {
  const hasLength = head.status >= 200 && head.status !== 204;
  const keepsLength = hasLength && head.hasPlainLength;
  let plain = keepsLength ? FINAL : WITHOUT_LENGTH;
  if (keepsId) plain = keepsLength ? FINAL_WITH_ID : WITHOUT_LENGTH_WITH_ID;
  const rules = edits === undefined ? plain : { own: plain.own, edits };
  const length = hasLength && !head.hasPlainLength ? `Content-Length: ${String(head.contentLength)}\r\n` : '';
  const lineStart = head.reasonStart - BEFORE_REASON_LENGTH;
  if (head.reasonEnd > 0 && head.minor === 1 && head.bytes[lineStart] === CAPITAL_H) {
    return passedFields(head, rules, lineStart, head.reasonEnd) + length;
  }
  const reason = head.bytes.latin1Slice(head.reasonStart, head.reasonEnd);
  return `HTTP/1.1 ${String(head.status)} ${reason}\r\n${passedFields(head, rules, -1, 0)}${length}`;
}

/** Statuses whose messages have no body, whatever their fields say (RFC 9110 6.4.1). */
export function hasNoBody(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200);
}

/** The current date as in a Date field, made once a second. */
export class HttpDate {
  #second = 0;
  #text = '';

  get text(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(now).toUTCString();
    }
    return this.#text;
  }
}
