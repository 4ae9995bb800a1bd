import type {
  Answer,
  BodyTransform,
  FilterResponse,
  ResponseOrigin,
  TransformStream,
} from '../../../src/plugin-api/index.ts';
import { AnswerFields } from './answer-fields.ts';
import { bodyTransform, type OwnedTransform } from './bodies/body-pipe.ts';
import { EditableFields, type FieldSource } from './editable-fields.ts';

const SWITCHING = 101;

/** The response of an exchange, as its filters see and change it. */
export class ResponseView extends EditableFields implements FilterResponse {
  status: number;
  readonly origin: ResponseOrigin;
  /** The answer of the proxy or of a filter; undefined for a backend's response. */
  readonly answer: Answer | undefined;
  /** What changes the body, in the order of the body's way; undefined while nothing does. */
  transforms: OwnedTransform[] | undefined = undefined;
  readonly #length: number | undefined;
  #fields: FieldSource;

  private constructor(
    status: number,
    origin: ResponseOrigin,
    fields: FieldSource,
    length: number | undefined,
    answer: Answer | undefined,
  ) {
    super();
    this.#length = length;
    this.status = status;
    this.origin = origin;
    this.answer = answer;
    this.#fields = fields;
  }

  /**
   * The view of a backend's response.
   *
   * @param fields may be borrowed: see {@link keep}
   * @param length of the body in bytes. Default: it is not known
   */
  static ofBackend(status: number, fields: FieldSource, length?: number): ResponseView {
    return new ResponseView(status, 'backend', fields, length, undefined);
  }

  static ofAnswer(answer: Answer, origin: ResponseOrigin): ResponseView {
    const length = Buffer.byteLength(answer.body ?? '');
    return new ResponseView(answer.status, origin, new AnswerFields(answer), length, answer);
  }

  get bodyLength(): number | undefined {
    return this.transforms === undefined ? this.#length : undefined;
  }

  setStatus(status: number): void {
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new TypeError('the status must be a whole number from 200 to 599');
    if (status !== this.status && (isWithoutBody(status) || isWithoutBody(this.status)))
      throw new TypeError(`a response with the status ${String(this.status)} can't become ${String(status)}`);
    this.status = status;
  }

  transformBody(transform: BodyTransform | TransformStream, flushes = false): void {
    if (this.status === SWITCHING) throw new TypeError('a response that switches protocols has no body');
    (this.transforms ??= []).push({ filter: this.filter, transform: bodyTransform(transform, flushes) });
  }

  /** The answer with the edits of filters; undefined for a backend's response. */
  get editedAnswer(): Answer | undefined {
    const { answer, edits, status } = this;
    if (answer === undefined) return undefined;
    const edited = edits === undefined ? answer : new AnswerFields(answer).edited(edits);
    return status === answer.status ? edited : { ...edited, status };
  }

  /** The fields are read later too: from memory of their own. */
  keep(fields: FieldSource): void {
    this.#fields = fields;
  }

  protected original(lowerName: string): string | undefined {
    return this.#fields.joinedValue(lowerName);
  }
}

/** Statuses whose messages have no body: such a response can't become one that has, and the other way round. */
function isWithoutBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}
