/**
 * What an endpoint throws to answer with an error. The client gets `{"error": code, "message": …}` and the details
 * beside them; nothing is logged.
 */
export class AdminError extends Error {
  /** 400 to 599. */
  readonly status: number;
  /** A stable word in snake_case. */
  readonly code: string;
  /** More keys of the answer, in snake_case. */
  readonly details: Readonly<Record<string, unknown>>;
  /** More header fields of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'AdminError';
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }
}
