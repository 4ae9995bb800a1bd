import type { Answer, FilterResponse, ResponseOrigin } from '../../../src/plugin-api/index.ts';
import { AnswerFields } from './answer-fields.ts';
import { EditableFields, type FieldSource } from './editable-fields.ts';

/** The response of an exchange, as its filters see and change it. */
export class ResponseView extends EditableFields implements FilterResponse {
  readonly status: number;
  readonly origin: ResponseOrigin;
  /** The answer of the proxy or of a filter; undefined for a backend's response. */
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

  /** The view of a backend's response. `fields` may be borrowed: nobody uses the view after the hooks returned. */
  static ofBackend(status: number, fields: FieldSource): ResponseView {
    return new ResponseView(status, 'backend', fields, undefined);
  }

  static ofAnswer(answer: Answer, origin: ResponseOrigin): ResponseView {
    return new ResponseView(answer.status, origin, new AnswerFields(answer), answer);
  }

  /** The answer with the edits of filters; undefined for a backend's response. */
  get editedAnswer(): Answer | undefined {
    const { answer, edits } = this;
    return answer === undefined || edits === undefined ? answer : new AnswerFields(answer).edited(edits);
  }

  protected original(lowerName: string): string | undefined {
    return this.#fields.joinedValue(lowerName);
  }
}
