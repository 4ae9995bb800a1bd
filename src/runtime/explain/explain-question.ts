/** A request whose way somebody asks about. */
export interface ExplainQuestion {
  /** Default: GET. */
  readonly method?: string | undefined;
  /** `http://host:port/path`, or only a path. Absent for a connection to a listener whose protocol has no requests. */
  readonly url?: string | undefined;
  /** In their order. A `Host` among them replaces the host of the URL. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** The client's IP address. Default: 127.0.0.1. */
  readonly from?: string | undefined;
  /** Name of the listener. Default: the one on the URL's port, or the only one. */
  readonly listener?: string | undefined;
}

/** The question makes no sense, or not for this config. The message says what to ask instead. */
export class QuestionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuestionError';
  }
}
