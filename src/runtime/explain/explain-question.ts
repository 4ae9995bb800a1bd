/** A request whose way somebody wants to know, in the words of whoever asks. */
export interface ExplainQuestion {
  /** Default: GET. */
  readonly method?: string | undefined;
  /** `http://host:port/path`, or a path alone. Absent for a connection to a listener that knows no requests. */
  readonly url?: string | undefined;
  /** In their order; with `Host` among them it stands in place of the URL's. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** The client's IP address. Default: 127.0.0.1. */
  readonly from?: string | undefined;
  /** Name of the listener. Default: the one on the URL's port, or the only one. */
  readonly listener?: string | undefined;
}

/** The question makes no sense, or not with this config; the message says what to ask instead. */
export class QuestionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuestionError';
  }
}
