import type { FieldEdits } from '../../forwarding/field-edits.ts';
import { NUMBERS_A_FIELD, type Head } from '../parse/head.ts';

const CR = 0x0d;
const LF = 0x0a;

/** What decides whether a field line goes on. */
export interface FieldRules {
  /** Known fields that we write ourselves, by their ids; other known fields go on unless they are hop-by-hop. */
  readonly own: readonly boolean[];
  readonly edits: FieldEdits | undefined;
}

/**
 * Copies the start line (when it may go on as it is) and the field lines that go on, as they arrived and in their order, each
 * with its CRLF.
 *
 * Neighbouring lines are copied in one go. Two lines are neighbours when exactly a CRLF lies between them, so nothing
 * but what the parser accepted as start line, name or value is ever copied. `lineStart` is -1 when the start line does not go on.
 */
export function passedFields(head: Head, rules: FieldRules, lineStart: number, lineEnd: number): string {
  const { bytes, offsets, fields } = head;
  let text = '';
  let runStart = lineStart;
  let runEnd = lineEnd;
  for (let field = 0; field < fields; field++) {
    if (isDropped(head, field, rules)) continue;
    const at = field * NUMBERS_A_FIELD;
    const start = offsets[at] as number;
    if (start !== runEnd + 2 || runStart < 0) {
      if (runStart >= 0) text += lines(bytes, runStart, runEnd);
      runStart = start;
    }
    runEnd = offsets[at + 3] as number;
  }
  return runStart < 0 ? text : text + lines(bytes, runStart, runEnd);
}

/** `bytes[start, end)` with a CRLF behind it: the one that is there already, nearly always. */
function lines(bytes: Buffer, start: number, end: number): string {
  if (bytes[end] === CR && bytes[end + 1] === LF) return bytes.latin1Slice(start, end + 2);
  return `${bytes.latin1Slice(start, end)}\r\n`;
}

function isDropped(head: Head, field: number, rules: FieldRules): boolean {
  const id = head.ids[field] as number;
  if (id !== 0) {
    if (rules.own[id] === true || head.isHopByHop(field)) return true;
  } else if (head.connectionNames !== undefined && head.isHopByHop(field)) return true;
  return rules.edits?.removes(head, field) ?? false;
}

/** A table for {@link FieldRules.own}. */
export function ownFields(...ids: readonly number[]): readonly boolean[] {
  const table: boolean[] = [];
  for (const id of ids) table[id] = true;
  return Array.from(table, (own) => own);
}
