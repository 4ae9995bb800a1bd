/**
 * An endpoint throws it to answer with an error. The client gets `{"error": code, "message": …}` with the details beside them. Nothing is
 * logged.
 */
export class AdminError extends Error {
  /** 400 to 599. */
  readonly status: number;
  /** The code of the error, in snake_case; it stays the same from version to version. */
  readonly code: string;
  /** Further keys of the answer, in snake_case. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Further header fields of the answer. */
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
