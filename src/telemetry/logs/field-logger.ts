import type { LogFields, Logger } from '../../plugin-api/logger.ts';
import { CallerLocations } from './format/caller-locations.ts';
import { LogClock } from './format/log-clock.ts';
import { formatLogLine, LOG_LEVELS, type LogFormat, type LogLevel, type LogLine } from './format/log-line.ts';
import type { LogSink } from './output/log-sink.ts';

/** The keys of the config's `logging` section that say which lines are written and how. */
export interface LoggingSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Adds `caller=file:line` to each line, at the cost of a stack trace a line. */
  readonly add_caller: boolean;
}

/** The logger of the process. Beside the levels of the plugin API it has `fatal`, for the last line before the process ends. */
export interface RootLogger extends Logger {
  fatal(message: string, fields?: LogFields): void;
  child(fields: LogFields): RootLogger;
}

/** The state that all loggers of one logging share, so that new settings apply to all of them at once. */
export interface LogState extends Record<LogLevel, boolean> {
  settings: LoggingSettings;
  sink: LogSink;
  submit: ((line: LogLine) => void) | undefined;
  readonly clock: LogClock;
  readonly callers: CallerLocations;
  /** Lines that are held back until settings are committed; undefined once they were. */
  held: HeldLine[] | undefined;
}

interface HeldLine extends Omit<LogLine, 'timestamp'> {
  readonly atMs: number;
}

/** Stack frames between the code that logs and the one that reads the stack: the method of the level, and `#write`. */
const LOGGER_FRAMES = 2;
/** A start logs fewer lines than this before its config is read. */
const MAX_HELD_LINES = 1000;
const NO_FIELDS: LogFields = Object.freeze({});

/** @param holdsLines whether lines are held back until settings are applied */
export function newLogState(settings: LoggingSettings, sink: LogSink, holdsLines: boolean): LogState {
  return {
    ...guardsFor(holdsLines ? 'debug' : settings.level),
    settings,
    sink,
    submit: undefined,
    clock: new LogClock(),
    callers: new CallerLocations(),
    held: holdsLines ? [] : undefined,
  };
}

/** Changes level, format, caller and output of all loggers, and writes the lines that were held back. */
export function applySettings(state: LogState, settings: LoggingSettings, sink: LogSink): void {
  Object.assign(state, guardsFor(settings.level));
  state.settings = settings;
  state.sink = sink;
  writeHeldLines(state);
}

/** Writes the lines that were held back, as the present settings say. */
export function writeHeldLines(state: LogState): void {
  const { held, settings, clock, sink } = state;
  if (held === undefined) return;
  state.held = undefined;
  Object.assign(state, guardsFor(settings.level));
  for (const { atMs, ...line } of held) {
    if (!state[line.level]) continue;
    const timestamp = clock.timestamp(settings.format, atMs);
    const caller = settings.add_caller ? line.caller : '';
    sink.write(`${formatLogLine({ ...line, timestamp, caller }, settings.format)}\n`);
  }
}

function guardsFor(level: LogLevel): Record<LogLevel, boolean> {
  const lowest = LOG_LEVELS.indexOf(level);
  const writes = (each: LogLevel): boolean => LOG_LEVELS.indexOf(each) >= lowest;
  return {
    debug: writes('debug'),
    info: writes('info'),
    warn: writes('warn'),
    error: writes('error'),
    fatal: true,
  };
}

/** A logger that adds its fields to each line. */
export class FieldLogger implements RootLogger {
  readonly #state: LogState;
  readonly #fields: LogFields;

  constructor(state: LogState, fields = NO_FIELDS) {
    this.#state = state;
    this.#fields = fields;
  }

  get debugEnabled(): boolean {
    return this.#state.debug;
  }

  debug(message: string, fields?: LogFields): void {
    if (this.#state.debug) this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    if (this.#state.info) this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#state.warn) this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    if (this.#state.error) this.#write('error', message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.#write('fatal', message, fields);
  }

  child(fields: LogFields): RootLogger {
    return new FieldLogger(this.#state, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { settings, submit, clock, callers, held } = this.#state;
    const line = {
      level,
      message,
      fields: fields === undefined ? this.#fields : { ...this.#fields, ...fields },
      caller: settings.add_caller || held !== undefined ? callers.read(LOGGER_FRAMES) : '',
    };
    if (held === undefined) {
      submit?.({ timestamp: clock.timestamp(settings.format), ...line });
      return;
    }
    held.push({ atMs: Date.now(), ...line });
    if (held.length >= MAX_HELD_LINES) writeHeldLines(this.#state);
  }
}
