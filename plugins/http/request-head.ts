import {
  TRACEPARENT,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
} from './field-names.ts';
import type { FieldEdits } from './field-edits.ts';
import { NUMBERS_A_FIELD, type Head } from './head.ts';

/** The fields that the proxy writes itself into each request, as an untrusted client must not choose them. */
const OWN_FIELDS: ReadonlySet<number> = new Set([X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_REAL_IP, X_REQUEST_ID]);

/** Which fields of a request are left out of the forwarded head. */
export interface RequestFieldRules {
  /** True when the Host field is replaced (absolute-form target). */
  readonly dropHost: boolean;
  /** True when tracing writes its own context. */
  readonly dropTrace: boolean;
  readonly edits: FieldEdits | undefined;
}

/** The client's field lines that go on, as they arrived and in their order, each with its CRLF. */
export function forwardedRequestFields(head: Head, rules: RequestFieldRules): string {
  return passedFields(head, (field) => isDropped(head, field, rules));
}

function isDropped(head: Head, field: number, rules: RequestFieldRules): boolean {
  const id = head.ids[field] as number;
  if (id !== 0) {
    if (OWN_FIELDS.has(id) || head.isHopByHop(field)) return true;
    if (rules.dropHost && field === head.hostField) return true;
    if (rules.dropTrace && id === TRACEPARENT) return true;
  } else if (head.connectionNames !== undefined && head.isHopByHop(field)) return true;
  return rules.edits?.removed.has(head.nameText(field).toLowerCase()) ?? false;
}

/**
 * Copies runs of neighbouring field lines at a time. Two lines are neighbours when exactly a CRLF lies between them, so
 * that nothing but what the parser accepted as name and value is ever copied.
 */
export function passedFields(head: Head, dropped: (field: number) => boolean): string {
  const { bytes, offsets } = head;
  let text = '';
  let runStart = -1;
  let runEnd = 0;
  for (let field = 0; field < head.fields; field++) {
    const at = field * NUMBERS_A_FIELD;
    const start = offsets[at] as number;
    if (dropped(field)) continue;
    if (runStart >= 0 && start !== runEnd + 2) {
      text += `${bytes.latin1Slice(runStart, runEnd)}\r\n`;
      runStart = -1;
    }
    if (runStart < 0) runStart = start;
    runEnd = offsets[at + 3] as number;
  }
  return runStart < 0 ? text : `${text}${bytes.latin1Slice(runStart, runEnd)}\r\n`;
}
