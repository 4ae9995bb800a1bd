export type LogFields = Readonly<Record<string, unknown>>;

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
