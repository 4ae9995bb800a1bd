export type LogFields = Readonly<Record<string, unknown>>;

/** Someone whose calls the core makes; when one throws, the line about it says what it was about. */
export interface LogSubject {
  /** What is worked on now: `request_id`, `trace_id` and the like. Asked only when something failed. */
  logFields?(): LogFields;
}

/** Structured log lines: a constant message and fields. Secrets and bodies never go in. */
export interface Logger {
  /** True when debug lines are written: guard costly fields with it. */
  readonly debugEnabled: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}
