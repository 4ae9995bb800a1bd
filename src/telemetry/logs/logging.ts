import { Writable } from 'node:stream';
import winston from 'winston';
import type { LogFields } from '../../plugin-api/logger.ts';
import {
  applySettings,
  FieldLogger,
  newLogState,
  writeHeldLines,
  type LoggingSettings,
  type LogState,
  type RootLogger,
} from './field-logger.ts';
import { formatLogLine, LOG_LEVELS, type LogLine } from './format/log-line.ts';
import type { LogOutput } from './output/log-output.ts';
import { LogOutputs, type WantedOutput } from './output/log-outputs.ts';
import type { LogRotation } from './output/log-rotation.ts';
import type { LogSink } from './output/log-sink.ts';

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

type FormattedInfo = winston.Logform.TransformableInfo & { line?: LogLine };

const MESSAGE = Symbol.for('message');
/** winston numbers the levels from the most severe one on. */
const WINSTON_LEVELS = Object.fromEntries([...LOG_LEVELS].reverse().map((level, rank) => [level, rank]));

/** Makes the logging of the process, which writes to stdout until settings are committed. */
export function createLogging(settings: LoggingSettings, options: LoggingOptions): Logging {
  return new WinstonLogging(settings, options);
}

/** winston gets only lines whose level is on, so that a line below the level costs a field access. Its only transport is the sink. */
class WinstonLogging implements Logging {
  readonly logger: RootLogger;
  readonly #state: LogState;
  readonly #outputs: LogOutputs;
  readonly #engine: winston.Logger;

  constructor(settings: LoggingSettings, options: LoggingOptions) {
    this.#outputs = new LogOutputs({
      ...options,
      describe: (message, fields) => this.#warningLine(message, fields),
      operatorLog: () => this.#state.sink,
    });
    this.#state = newLogState(settings, this.#outputs.stdout, options.awaitsSettings === true);
    this.#engine = engineFor(this.#state);
    this.#state.submit = (line) => {
      this.#engine.log({ level: line.level, message: line.message, line });
    };
    this.logger = new FieldLogger(this.#state);
  }

  get droppedLines(): number {
    return this.#outputs.droppedLines;
  }

  async prepare(
    next: LoggingSettings & OutputSettings,
    others: readonly WantedOutput[] = [],
  ): Promise<PreparedLogging> {
    const wanted = [{ key: 'logging.output', output: next.output }, ...others];
    const prepared = await this.#outputs.prepare(wanted, next.rotate);
    return {
      sink: (output) => prepared.sink(output),
      commit: () => {
        applySettings(this.#state, next, prepared.sink(next.output));
        prepared.commit();
      },
      unwind: () => {
        prepared.unwind();
      },
    };
  }

  reopen(): void {
    this.#outputs.reopen();
  }

  async flush(deadlineMs: number): Promise<boolean> {
    writeHeldLines(this.#state);
    // winston's streams hand a line on before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#outputs.flush(deadlineMs);
  }

  flushNow(): void {
    writeHeldLines(this.#state);
    this.#outputs.flushNow();
  }

  async close(): Promise<void> {
    if (this.#state.submit === undefined) return;
    writeHeldLines(this.#state);
    this.#state.submit = undefined;
    await new Promise<void>((resolve) => {
      this.#engine.once('finish', resolve);
      this.#engine.end();
    });
    await new Promise((resolve) => setImmediate(resolve));
    await this.#outputs.close();
  }

  /** A line about an output, for those who write it past winston. */
  #warningLine(message: string, fields: LogFields): string {
    const { clock, settings } = this.#state;
    const timestamp = clock.timestamp(settings.format);
    const line = { timestamp, level: 'warn', message, fields, caller: '' } as const;
    return `${formatLogLine(line, settings.format)}\n`;
  }
}

function engineFor(state: LogState): winston.Logger {
  return winston.createLogger({
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
