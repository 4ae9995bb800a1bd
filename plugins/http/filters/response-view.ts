import type { Answer, FilterResponse, ResponseOrigin } from '../../../src/plugin-api/index.ts';
import { AnswerFields } from './answer-fields.ts';
import { EditableFields, type FieldSource } from './editable-fields.ts';

/** What the filters of an exchange see of its response. */
export class ResponseView extends EditableFields implements FilterResponse {
  readonly status: number;
  readonly origin: ResponseOrigin;
  /** The answer that it is; undefined for a backend's response. */
  readonly answer: Answer | undefined;
  readonly #fields: FieldSource;

  private constructor(
    status: number,
    origin: ResponseOrigin,
    fields: FieldSource,
    answer: Answer | undefined,
  ) {
    super();
    this.status = status;
    this.origin = origin;
    this.answer = answer;
    this.#fields = fields;
  }

  /** Of a backend's response; `fields` may be borrowed, as the view is not used after the hooks returned. */
  static ofBackend(status: number, fields: FieldSource): ResponseView {
    return new ResponseView(status, 'backend', fields, undefined);
  }

  static ofAnswer(answer: Answer, origin: ResponseOrigin): ResponseView {
    return new ResponseView(answer.status, origin, new AnswerFields(answer), answer);
  }

  /** The answer with what filters changed about it. */
  get editedAnswer(): Answer | undefined {
    const { answer, edits } = this;
    return answer === undefined || edits === undefined ? answer : new AnswerFields(answer).edited(edits);
  }

  protected original(lowerName: string): string | undefined {
    return this.#fields.joinedValue(lowerName);
  }
}
