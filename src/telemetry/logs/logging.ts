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
import { formatLogLine, type LogLine } from './format/log-line.ts';
import { LogOutputs, type HeldOutput, type OutputOpener, type WantedOutput } from './output/log-outputs.ts';
import type { LogRotation } from './output/log-rotation.ts';
import type { LogSink } from './output/log-sink.ts';

/** The keys of the `logging` section that say where lines are written. */
export interface OutputSettings {
  readonly output: string;
  readonly rotate?: LogRotation | undefined;
}

/** Takes the lines of the operator's log on their way to its output. */
export interface LineWriter {
  write(line: LogLine): void;
  /** Nothing is written after it. Resolves when all lines have reached the output's sink. */
  end(): Promise<void>;
}

export interface OutputLoggingOptions {
  /** Opens the outputs. */
  readonly open: OutputOpener;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
  /** Makes what formats the lines. */
  readonly writer: (state: LogState) => LineWriter;
  /** Whether lines are held back until the first settings are committed, and then written as these say. Default: false. */
  readonly awaitsSettings?: boolean;
  /** Number of the worker whose lines these are; all of the operator's log have it as a field. Default: one thread writes all lines. */
  readonly worker?: number;
  /** As {@link LogSinkOptions.bufferSizeBytes}, for each output. */
  readonly bufferSizeBytes?: number;
}

/** The operator's log and all log outputs of a thread. */
export interface Logging {
  readonly logger: RootLogger;
  /** Number of the worker whose lines these are; 1 where one thread does all. */
  readonly worker: number;
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
  /** As {@link LogOutputs.hold}. */
  hold(output: string): HeldOutput;
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

/** The {@link Logging} of a thread. It writes to stdout until settings are committed. */
export class OutputLogging implements Logging {
  readonly logger: RootLogger;
  readonly worker: number;
  readonly #state: LogState;
  readonly #outputs: LogOutputs;
  readonly #writer: LineWriter;

  constructor(settings: LoggingSettings, options: OutputLoggingOptions) {
    const { open, directory, writer, awaitsSettings = false, worker, bufferSizeBytes } = options;
    this.#outputs = new LogOutputs({
      open,
      directory,
      bufferSizeBytes,
      describe: (message, fields) => this.#warningLine(message, fields),
      operatorLog: () => this.#state.sink,
    });
    this.worker = worker ?? 1;
    this.#state = newLogState(settings, this.#outputs.stdout, awaitsSettings);
    this.#writer = writer(this.#state);
    this.#state.submit = (line) => {
      this.#writer.write(line);
    };
    this.logger = new FieldLogger(this.#state, worker === undefined ? {} : { worker });
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

  hold(output: string): HeldOutput {
    return this.#outputs.hold(output);
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
    await this.#writer.end();
    await this.#outputs.close();
  }

  /** A line about an output, for those who write it past the writer. */
  #warningLine(message: string, fields: LogFields): string {
    const { clock, settings } = this.#state;
    const timestamp = clock.timestamp(settings.format);
    const line = { timestamp, level: 'warn', message, fields, caller: '' } as const;
    return `${formatLogLine(line, settings.format)}\n`;
  }
}
