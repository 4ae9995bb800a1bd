import { NUMBERS_A_FIELD } from '../../message/field-section.ts';
import { CONTENT_LENGTH } from '../../message/field-names.ts';
import type { FieldRules } from '../../message/field-rules.ts';
import type { MessageHead } from '../../message/message-head.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Copies the start line, when it may be passed on as it is, and the field lines that are passed on: as they arrived, in their order, each
 * with its CRLF.
 *
 * Neighbouring lines are copied together. Two lines are neighbours when exactly one CRLF lies between them, so nothing is ever copied
 * that the parser did not accept as a start line, a name or a value.
 *
 * @param passesLength whether Content-Length is passed on as it arrived
 * @param lineStart the index of the start line; -1 when it is not copied
 */
export function passedFields(
  head: MessageHead,
  rules: FieldRules,
  passesLength: boolean,
  lineStart: number,
  lineEnd: number,
): string {
  const { bytes, offsets, fields, ids, connectionNames } = head;
  const { own, filter } = rules;
  let text = '';
  let runStart = lineStart;
  let runEnd = lineEnd;
  for (let field = 0; field < fields; field++) {
    const id = ids[field] as number;
    if (id !== 0) {
      if (own[id] === true || head.isHopByHop(field)) continue;
      if (id === CONTENT_LENGTH && !passesLength) continue;
    } else if (connectionNames !== undefined && head.isHopByHop(field)) continue;
    if (filter?.removes(head, field) === true) continue;
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

/** `bytes[start, end)` and a CRLF: nearly always the CRLF that follows in `bytes` already. */
function lines(bytes: Buffer, start: number, end: number): string {
  if (bytes[end] === CR && bytes[end + 1] === LF) return bytes.latin1Slice(start, end + 2);
  return `${bytes.latin1Slice(start, end)}\r\n`;
}
