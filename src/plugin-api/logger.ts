/** Fields of a log line, in snake_case. Names that end in `_ms` hold milliseconds. */
export type LogFields = Readonly<Record<string, unknown>>;

/** An object of a plugin whose methods the core calls. When a method throws, the log line about it has the object's fields. */
export interface LogSubject {
  /** Returns fields that say what the object is working on: `request_id`, `trace_id` and so on. Called only after a failure. */
  logFields?(): LogFields;
}

/** Writes log lines: a constant message, and fields. Never log secrets and bodies. */
export interface Logger {
  /** True when debug lines are written. Check it before you compute costly fields. */
  readonly debugEnabled: boolean;
  /** For developers, and for what happens at each request. */
  debug(message: string, fields?: LogFields): void;
  /** For events that an operator may want to know. */
  info(message: string, fields?: LogFields): void;
  /** For what an operator should look at: the proxy works, but something does not. */
  warn(message: string, fields?: LogFields): void;
  /** For failures that an operator must mend. */
  error(message: string, fields?: LogFields): void;
  /** Returns a logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}
