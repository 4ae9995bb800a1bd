import { Writable } from 'node:stream';
import winston from 'winston';

import type { LoggingSettings, LogState } from './field-logger.ts';
import { formatLogLine, LOG_LEVELS, type LogLine } from './format/log-line.ts';
import { OutputLogging, type LineWriter, type Logging } from './logging.ts';
import { LogFile } from './output/log-file.ts';
import type { LogOutput } from './output/log-output.ts';

export interface LoggingOptions {
  readonly stdout: LogOutput;
  /** Opens stderr, where failures of other outputs are reported; called when it is needed first. */
  readonly stderr: () => LogOutput;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
  /** Whether lines are held back until the first settings are committed, and then written as these say. Default: false. */
  readonly awaitsSettings?: boolean;
}

type FormattedInfo = winston.Logform.TransformableInfo & { line?: LogLine };

const MESSAGE = Symbol.for('message');
/** winston numbers the levels from the most severe one on. */
const WINSTON_LEVELS = Object.fromEntries([...LOG_LEVELS].reverse().map((level, rank) => [level, rank]));

/** Makes the logging of the process, which writes to stdout until settings are committed. */
export function createLogging(settings: LoggingSettings, options: LoggingOptions): Logging {
  const { stdout, stderr, directory, awaitsSettings = false } = options;
  return new OutputLogging(settings, {
    open: (name, problem) => {
      if (name === 'stdout') return stdout;
      return name === 'stderr' ? stderr() : new LogFile(name, problem);
    },
    directory,
    awaitsSettings,
    writer: (state) => new WinstonLines(state),
  });
}

/** winston gets only lines whose level is on, so that a line below the level costs a field access. Its only transport is the sink. */
class WinstonLines implements LineWriter {
  readonly #engine: winston.Logger;

  constructor(state: LogState) {
    this.#engine = engineFor(state);
  }

  write(line: LogLine): void {
    this.#engine.log({ level: line.level, message: line.message, line });
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#engine.once('finish', resolve);
      this.#engine.end();
    });
    await new Promise((resolve) => setImmediate(resolve));
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
