import type { Answer } from '../../../src/plugin-api/index.ts';
import type { FieldEdit } from '../forwarding/field-edits.ts';
import type { FieldSource } from './editable-fields.ts';
import { hasField } from '../message/answer.ts';
import { checkField, separatorOf } from './field-check.ts';

const CONTENT_TYPE = 'content-type';

/** The header fields of an answer, as filters see them, and the answer after their edits. */
export class AnswerFields implements FieldSource {
  readonly #answer: Answer;
  /** By lower-case name: the name as the answer writes it, and the values. */
  readonly #fields = new Map<string, { readonly name: string; readonly values: string[] }>();

  constructor(answer: Answer) {
    this.#answer = answer;
    const { contentType, headers = {} } = answer;
    if (contentType !== undefined && !hasField(answer, CONTENT_TYPE)) this.#add('Content-Type', contentType);
    for (const [name, value] of Object.entries(headers))
      for (const each of typeof value === 'string' ? [value] : value) this.#add(name, each);
  }

  joinedValue(lowerName: string): string | undefined {
    return this.#fields.get(lowerName)?.values.join(separatorOf(lowerName));
  }

  /** The answer with edits of its fields. */
  edited(edits: readonly FieldEdit[]): Answer {
    for (const { action, name, value } of edits) {
      if (action !== 'add') this.#fields.delete(name.toLowerCase());
      if (action !== 'remove') this.#add(name, value);
    }
    const contentType = this.joinedValue(CONTENT_TYPE);
    this.#fields.delete(CONTENT_TYPE);
    const { status, body } = this.#answer;
    return {
      status,
      ...(contentType === undefined ? {} : { contentType }),
      headers: Object.fromEntries([...this.#fields.values()].map(({ name, values }) => [name, values])),
      ...(body === undefined ? {} : { body }),
    };
  }

  #add(name: string, value: string): void {
    const lowerName = name.toLowerCase();
    const field = this.#fields.get(lowerName);
    if (field === undefined) this.#fields.set(lowerName, { name, values: [value] });
    else field.values.push(value);
  }
}

/**
 * Checks the answer of a filter, which may be plain JavaScript without types.
 *
 * @throws TypeError for an answer that can't be sent
 */
export function checkAnswer(answer: Answer): void {
  const { status, contentType, headers, body }: Partial<Record<keyof Answer, unknown>> = answer;
  if (!Number.isInteger(status) || Number(status) < 200 || Number(status) > 599)
    throw new TypeError('the status of an answer must be a whole number from 200 to 599');
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('the body of an answer must be a text or bytes');
  if (contentType !== undefined) checkField('Content-Type', contentType);
  for (const [name, value] of Object.entries(headers ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) checkField(name, each);
  }
}
