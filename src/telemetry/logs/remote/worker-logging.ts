import type { LogTaken } from '../../../readings/workers/worker-log.ts';
import type { LoggingSettings, LogState } from '../field-logger.ts';
import { formatLogLine } from '../format/log-line.ts';
import { OutputLogging, type LineWriter, type Logging } from '../logging.ts';
import { PortOutput, type SayLogReport } from './port-output.ts';

/** What the outputs of all workers together may hold in memory, of lines that the supervisor has not taken yet. */
const SHARED_BUFFER_BYTES = 8 * 1024 * 1024;
const LEAST_BUFFER_BYTES = 512 * 1024;
const FIRST_SETTINGS: LoggingSettings = { level: 'info', format: 'text', add_caller: false };

export interface WorkerLoggingOptions {
  /** As {@link OutputLoggingOptions.worker}. */
  readonly worker: number;
  /** How many workers there are. */
  readonly workers: number;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
  /** Says something to the supervisor. */
  readonly say: SayLogReport;
}

/** The log of a worker. */
export interface WorkerLogging {
  readonly logging: Logging;
  /** The supervisor has taken the last lines of an output. */
  taken(told: LogTaken): void;
}

/** Makes the log of a worker, whose lines wait until settings are committed. */
export function createWorkerLogging({
  worker,
  workers,
  directory,
  say,
}: WorkerLoggingOptions): WorkerLogging {
  const outputs = new Map<number, PortOutput>();
  let lastId = 0;
  const logging = new OutputLogging(FIRST_SETTINGS, {
    open: (name) => {
      lastId += 1;
      const id = lastId;
      const output = new PortOutput(id, name, (report, transfer) => {
        if (report.kind === 'log-close') outputs.delete(id);
        say(report, transfer);
      });
      outputs.set(id, output);
      return output;
    },
    directory,
    worker,
    awaitsSettings: true,
    bufferSizeBytes: Math.max(LEAST_BUFFER_BYTES, Math.floor(SHARED_BUFFER_BYTES / workers)),
    writer: directLines,
  });
  return {
    logging,
    taken: ({ output }) => {
      outputs.get(output)?.taken();
    },
  };
}

function directLines(state: LogState): LineWriter {
  return {
    write: (line) => {
      state.sink.write(`${formatLogLine(line, state.settings.format)}\n`);
      // What a worker says right before its event loop stands still, or before it is ended, is what its operator needs.
      state.sink.hurry();
    },
    end: () => Promise.resolve(),
  };
}
