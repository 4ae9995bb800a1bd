import { resolve } from 'node:path';

import { BalanceError, messageOf, systemCodeOf } from '../../../errors.ts';
import type { LogFields } from '../../../plugin-api/logger.ts';
import { LogFile } from './log-file.ts';
import type { LogOutput } from './log-output.ts';
import type { LogRotation } from './log-rotation.ts';
import { LogSink, type PastTrouble } from './log-sink.ts';

export interface LogOutputsOptions {
  /** The folder that file names are relative to. */
  readonly directory: string;
  readonly stdout: LogOutput;
  /** Made when it is needed first. */
  readonly stderr: () => LogOutput;
  /** The line that tells what is wrong with an output, or that it works again. */
  readonly describe: (message: string, fields: LogFields) => string;
  /** Where the operator's log goes now. */
  readonly operatorLog: () => LogSink;
}

/** An output that a config asks for, and the key that says so. */
export interface WantedOutput {
  readonly key: string;
  /** `stdout`, `stderr` or a file name. */
  readonly output: string;
}

/** Outputs that were opened and may be written to; what is not wanted any more is closed by `commit`, the new ones by `unwind`. */
export interface PreparedOutputs {
  sink(output: string): LogSink;
  commit(): void;
  unwind(): void;
}

interface OpenOutput {
  readonly sink: LogSink;
  readonly file: LogFile | undefined;
}

/** One warning about an output in so much time is enough. */
const WARNING_INTERVAL_MS = 60_000;
const LAST_FLUSH_MS = 500;

/** All that log lines are written to, each thing once, however many kinds of lines share it. */
export class LogOutputs {
  readonly #options: LogOutputsOptions;
  readonly #open = new Map<string, OpenOutput>();
  readonly #warnedAtMs = new Map<string, number>();
  /** Outputs whose failure was told on stderr, which is to hear of its end too. */
  readonly #toldToFail = new Set<string>();
  readonly #closing = new Set<Promise<void>>();
  /** Lines that closed outputs had dropped. */
  #closedDrops = 0;

  constructor(options: LogOutputsOptions) {
    this.#options = options;
    this.#add('stdout', options.stdout);
  }

  get stdout(): LogSink {
    return this.#sink('stdout');
  }

  /** Lines dropped since the start, of all outputs. */
  get droppedLines(): number {
    let count = this.#closedDrops;
    for (const { sink } of this.#open.values()) count += sink.droppedLines;
    return count;
  }

  /** Opens what is not open yet. Rejects with a BalanceError that names the key when a file can't be. */
  async prepare(
    wanted: readonly WantedOutput[],
    rotation: LogRotation | undefined,
  ): Promise<PreparedOutputs> {
    const added = new Set<string>();
    const unwind = (): void => {
      for (const name of added) this.#close(name);
    };
    for (const { key, output } of wanted) {
      const name = this.#nameOf(output);
      if (this.#open.has(name)) continue;
      added.add(name);
      if (name === 'stderr') {
        this.#add(name, this.#options.stderr());
        continue;
      }
      const file = new LogFile(name, (problem, error) => this.#warn(problem, name, error));
      this.#add(name, file, file);
      try {
        await file.open();
      } catch (error) {
        if (MAY_PASS.has(systemCodeOf(error))) continue;
        unwind();
        const reason = `${key}: the log file can't be opened: ${messageOf(error)}`;
        throw new BalanceError('config_invalid', reason, { origin: 'config', cause: error });
      }
    }
    const names = new Set(['stdout', ...wanted.map(({ output }) => this.#nameOf(output))]);
    return {
      sink: (output) => this.#sink(this.#nameOf(output)),
      commit: () => {
        for (const [name, { file }] of this.#open) {
          if (names.has(name)) file?.setRotation(rotation);
          else if (name !== 'stderr') this.#close(name);
        }
      },
      unwind,
    };
  }

  /** Opens all files anew. */
  reopen(): void {
    for (const { sink } of this.#open.values()) sink.reopen();
  }

  /** Writes all that was taken. Resolves with false when not all of it was written after `deadlineMs`. */
  async flush(deadlineMs: number): Promise<boolean> {
    const results = await Promise.all([...this.#open.values()].map(({ sink }) => sink.flush(deadlineMs)));
    return results.every(Boolean);
  }

  /** For the exit event: writes what goes at once. */
  flushNow(): void {
    for (const { sink } of this.#open.values()) sink.flushNow();
  }

  /** Writes what can be written within a second or so, then gives all outputs up. */
  async close(): Promise<void> {
    // What one of them dropped is told in another one.
    await Promise.all([...this.#closing, this.flush(LAST_FLUSH_MS)]);
    await Promise.all([...this.#open.values()].map(({ sink }) => sink.close()));
  }

  #nameOf(output: string): string {
    return output === 'stdout' || output === 'stderr' ? output : resolve(this.#options.directory, output);
  }

  #sink(name: string): LogSink {
    const open = this.#open.get(name);
    if (open === undefined)
      throw new BalanceError('internal', `no log output ${name}`, { origin: 'internal' });
    return open.sink;
  }

  #add(name: string, output: LogOutput, file?: LogFile): LogSink {
    const sink = new LogSink(output, {
      troubled: (error) => {
        const problem = 'log output fails: lines wait for it, and are dropped when there are too many';
        if (this.#warn(problem, name, error ?? 'it takes no more lines')) this.#toldToFail.add(name);
      },
      recovered: (trouble) => {
        this.#recovered(name, trouble);
      },
    });
    this.#open.set(name, { sink, file });
    return sink;
  }

  #close(name: string): void {
    const open = this.#open.get(name);
    this.#open.delete(name);
    this.#toldToFail.delete(name);
    if (open === undefined) return;
    const { sink } = open;
    const dropped = sink.droppedLines;
    this.#closedDrops += dropped;
    const closing = sink.close().then(() => {
      this.#closing.delete(closing);
      // Closing may drop more.
      this.#closedDrops += sink.droppedLines - dropped;
    });
    this.#closing.add(closing);
  }

  /** Said in the log of the operator, and on stderr too when that heard of the failure. An output that fails again and again and loses nothing is not told of each time. */
  #recovered(name: string, { durationMs, droppedLines }: PastTrouble): void {
    const wasTold = this.#toldToFail.delete(name);
    if (!wasTold && droppedLines === 0) return;
    const fields = { output: name, failed_for_ms: durationMs, dropped: droppedLines };
    const line = this.#options.describe('log output works again', fields);
    const log = this.#options.operatorLog();
    log.write(line);
    if (wasTold && this.#stderr !== log) this.#stderr.write(line);
  }

  /** Tells it on stderr, unless that is what fails. Returns whether it did. */
  #warn(problem: string, name: string, error: unknown): boolean {
    const now = performance.now();
    const warnedAtMs = this.#warnedAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
    if (name === 'stderr' || now - warnedAtMs < WARNING_INTERVAL_MS) return false;
    this.#warnedAtMs.set(name, now);
    this.#stderr.write(this.#options.describe(problem, { output: name, error }));
    return true;
  }

  get #stderr(): LogSink {
    return this.#open.get('stderr')?.sink ?? this.#add('stderr', this.#options.stderr());
  }
}

/** What may be over in a moment, without any edit: a full disk, a pipe that nobody reads yet, too many open files. */
const MAY_PASS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'ENXIO', 'EMFILE', 'ENFILE', 'EIO']);
