import { Writable } from 'node:stream';
import winston from 'winston';
import type { LogFields, Logger } from '../../plugin-api/logger.ts';
import { CallerLocations } from './format/caller-locations.ts';
import { LogClock } from './format/log-clock.ts';
import { formatLogLine, LOG_LEVELS } from './format/log-line.ts';
import type { LogFormat, LogLevel, LogLine } from './format/log-line.ts';
import type { LogOutput } from './output/log-output.ts';
import { LogOutputs, type WantedOutput } from './output/log-outputs.ts';
import type { LogRotation } from './output/log-rotation.ts';
import type { LogSink } from './output/log-sink.ts';

/** The keys of the config's `logging` section that say which lines are written and how. */
export interface LoggingSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Adds `caller=file:line` to each line, at the cost of a stack trace a line. */
  readonly add_caller: boolean;
}

/** The keys of the `logging` section that say where lines are written. */
export interface OutputSettings {
  readonly output: string;
  readonly rotate?: LogRotation | undefined;
}

export interface LoggingOptions {
  readonly stdout: LogOutput;
  /** Opens stderr, where failures of other outputs are reported; called when it is needed first. */
  readonly stderr: () => LogOutput;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
  /** Whether lines are held back until the first settings are committed, and then written as these say. Default: false. */
  readonly awaitsSettings?: boolean;
}

/** The logger of the process. Beside the levels of the plugin API it has `fatal`, for the last line before the process ends. */
export interface RootLogger extends Logger {
  fatal(message: string, fields?: LogFields): void;
  child(fields: LogFields): RootLogger;
}

/** The operator's log and all log outputs of the process. */
export interface Logging {
  readonly logger: RootLogger;
  /** Number of lines dropped since the start because an output stalled or failed. */
  readonly droppedLines: number;
  /**
   * Opens the outputs that the settings name; `commit` puts them to use. When a file can't be opened, it rejects with a BalanceError
   * that names the config key.
   *
   * @param others further outputs, for lines that their writers format themselves (the access log)
   */
  prepare(
    settings: LoggingSettings & OutputSettings,
    others?: readonly WantedOutput[],
  ): Promise<PreparedLogging>;
  /** Opens the names of all log files again, after another program has moved the files. */
  reopen(): void;
  /** Writes all lines that were logged so far. Resolves with false when some are still unwritten after `deadlineMs`. */
  flush(deadlineMs: number): Promise<boolean>;
  /** Writes synchronously what the outputs take at once; for the `exit` event, after which nothing asynchronous runs. */
  flushNow(): void;
  /** Writes what can be written within about a second, then closes all outputs. Later lines are dropped. */
  close(): Promise<void>;
}

/** New settings of the log, whose outputs are open. */
export interface PreparedLogging {
  /** The sink of an output, for lines that their writer formats itself. */
  sink(output: string): LogSink;
  /** Applies level, format, caller and output from the next line on, for all existing loggers. */
  commit(): void;
  /** Closes the outputs that `prepare` opened. */
  unwind(): void;
}

/** The state that all loggers of one {@link Logging} share, so that new settings apply to all of them at once. */
interface LogState extends Record<LogLevel, boolean> {
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

type FormattedInfo = winston.Logform.TransformableInfo & { line?: LogLine };

/** Stack frames between the code that logs and the one that reads the stack: the method of the level, and `#write`. */
const LOGGER_FRAMES = 2;
/** A start logs fewer lines than this before its config is read. */
const MAX_HELD_LINES = 1000;
const NO_FIELDS: LogFields = Object.freeze({});
const MESSAGE = Symbol.for('message');
/** winston numbers the levels from the most severe one on. */
const WINSTON_LEVELS = Object.fromEntries([...LOG_LEVELS].reverse().map((level, rank) => [level, rank]));

/**
 * Makes the process's logging, on stdout. winston gets only what the guards let through, so that a line below the level
 * costs a field access; its only transport is the sink.
 */
export function createLogging(settings: LoggingSettings, options: LoggingOptions): Logging {
  const clock = new LogClock();
  const formatted = (message: string, fields: LogFields): string => {
    const { format } = state.settings;
    const timestamp = clock.timestamp(format);
    return `${formatLogLine({ timestamp, level: 'warn', message, fields, caller: '' }, format)}\n`;
  };
  const outputs = new LogOutputs({
    ...options,
    describe: formatted,
    operatorLog: () => state.sink,
  });
  const state: LogState = {
    ...guardsFor(options.awaitsSettings === true ? 'debug' : settings.level),
    settings,
    sink: outputs.stdout,
    submit: undefined,
    clock,
    callers: new CallerLocations(),
    held: options.awaitsSettings === true ? [] : undefined,
  };
  const engine = winston.createLogger({
    levels: WINSTON_LEVELS,
    level: 'debug',
    exitOnError: false,
    format: winston.format((info: FormattedInfo) => {
      if (info.line !== undefined)
        Object.assign(info, { [MESSAGE]: formatLogLine(info.line, state.settings.format) });
      return info;
    })(),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its own transports as interfaces
    transports: [new winston.transports.Stream({ stream: streamInto(state), eol: '\n' })],
  });
  state.submit = (line) => {
    engine.log({ level: line.level, message: line.message, line });
  };

  return {
    logger: new FieldLogger(state, NO_FIELDS),
    get droppedLines() {
      return outputs.droppedLines;
    },
    async prepare(next, others = []) {
      const wanted = [{ key: 'logging.output', output: next.output }, ...others];
      const prepared = await outputs.prepare(wanted, next.rotate);
      return {
        sink: (output) => prepared.sink(output),
        commit() {
          Object.assign(state, guardsFor(next.level));
          state.settings = next;
          state.sink = prepared.sink(next.output);
          release(state);
          prepared.commit();
        },
        unwind() {
          prepared.unwind();
        },
      };
    },
    reopen() {
      outputs.reopen();
    },
    async flush(deadlineMs) {
      release(state);
      // winston's streams hand a line on before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      return outputs.flush(deadlineMs);
    },
    flushNow() {
      release(state);
      outputs.flushNow();
    },
    async close() {
      if (state.submit === undefined) return;
      release(state);
      state.submit = undefined;
      await new Promise<void>((resolve) => {
        engine.once('finish', resolve);
        engine.end();
      });
      await new Promise((resolve) => setImmediate(resolve));
      await outputs.close();
    },
  };
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

/** Writes the lines that were held back, as the present settings say. */
function release(state: LogState): void {
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

/** A stream that hands every line on synchronously, so that winston never waits and never buffers. */
function streamInto(state: LogState): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, taken) {
      state.sink.write(line);
      taken();
    },
  });
}

class FieldLogger implements RootLogger {
  readonly #state: LogState;
  readonly #fields: LogFields;

  constructor(state: LogState, fields: LogFields) {
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
    if (held.length >= MAX_HELD_LINES) release(this.#state);
  }
}
