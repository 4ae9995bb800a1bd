import type { Answer } from '../../../src/plugin-api/index.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import type { TemplateValues } from '../forwarding/template.ts';

/** The answer without the fields that edits set or remove. */
export function withoutFields(answer: Answer, { removed }: FieldEdits): Answer {
  const headers = Object.entries(answer.headers ?? {}).filter(([name]) => !removed.has(name.toLowerCase()));
  return { ...answer, headers: Object.fromEntries(headers) };
}

/**
 * The field lines that the proxy adds to an answer, with the edits applied.
 *
 * @param own the lines without the edits, each with its CRLF
 */
export function editedLines(own: string, edits: FieldEdits, values: TemplateValues): string {
  const kept = own
    .split('\r\n')
    .filter((line) => line !== '' && !edits.removed.has(line.slice(0, line.indexOf(':')).toLowerCase()));
  return kept.map((line) => `${line}\r\n`).join('') + edits.earlyLines(values) + edits.lateLines(values);
}
