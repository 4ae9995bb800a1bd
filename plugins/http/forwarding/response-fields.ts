import { HSTS_FIELD, X_REQUEST_ID } from '../message/field-names.ts';
import { ownFields, type FieldRules } from '../message/field-rules.ts';
import type { HttpDate } from '../message/http-date.ts';
import type { ResponseHead } from '../message/message-head.ts';
import type { FieldEdits } from './field-edits.ts';
import type { TemplateValues } from './template.ts';
import type { Via } from './via.ts';

/** The settings of a listener that decide about the fields of responses. */
export interface ResponseSettings {
  readonly via: Via;
  readonly date: HttpDate;
  /** Whether the X-Request-ID of a backend's response is passed on in place of the proxy's. */
  readonly keepsResponseId: boolean;
}

const RULES: FieldRules = { own: ownFields(X_REQUEST_ID), filter: undefined };
/** The rules for a response whose own X-Request-ID is passed on. */
const RULES_WITH_ID: FieldRules = { own: ownFields(), filter: undefined };

/** Which of the backend's fields are passed on to the client. `keepsId`: X-Request-ID is one of them. */
export function responseRules(edits: FieldEdits | undefined, keepsId: boolean): FieldRules {
  const plain = keepsId ? RULES_WITH_ID : RULES;
  return edits === undefined ? plain : { own: plain.own, filter: edits };
}

/** Whether the backend's own X-Request-ID is passed on in place of the proxy's. */
export function keepsRequestId({ keepsResponseId }: ResponseSettings, head: ResponseHead): boolean {
  return keepsResponseId && head.passesOn(X_REQUEST_ID);
}

/** The request of a response. */
export interface AnsweredRequest extends TemplateValues {
  /** The line of `Strict-Transport-Security` for the response, with its CRLF; '' for none. */
  readonly hstsLine: string;
}

/** The field lines that the proxy adds to a final response, each with its CRLF: Date when it is missing, and {@link switchingLines}. */
export function responseLines(
  values: AnsweredRequest,
  settings: ResponseSettings,
  head: ResponseHead,
  edits: FieldEdits | undefined,
  keepsId: boolean,
): string {
  if (edits === undefined && head.hasDate && !keepsId && values.hstsLine === '')
    return `${settings.via.lineAndId(head.minor)}${values.requestId}\r\n`;
  const hasDate = head.hasDate || edits?.removed.has('date') === true;
  const date = hasDate ? '' : `Date: ${settings.date.text}\r\n`;
  return date + hstsLine(values, head, edits) + switchingLines(values, settings, head, edits, keepsId);
}

/** The proxy's line of Strict-Transport-Security; '' when the backend, or a transform, decides about that field. */
function hstsLine(
  { hstsLine: line }: AnsweredRequest,
  head: ResponseHead,
  edits: FieldEdits | undefined,
): string {
  if (line === '' || edits?.removed.has(HSTS_FIELD) === true) return '';
  return head.find(HSTS_FIELD) < 0 ? line : '';
}

/** The field lines that the proxy adds to each response, each with its CRLF: Via, the request id, and the lines of transforms. */
export function switchingLines(
  values: TemplateValues,
  settings: ResponseSettings,
  head: ResponseHead,
  edits: FieldEdits | undefined,
  keepsId: boolean,
): string {
  const via = settings.via.line(head.minor);
  const id = keepsId ? '' : `X-Request-ID: ${values.requestId}\r\n`;
  if (edits === undefined) return via + id;
  let lines = edits.removed.has('via') ? '' : via;
  if (!edits.removed.has('x-request-id')) lines += id;
  return lines + edits.earlyLines(values) + edits.lateLines(values);
}
