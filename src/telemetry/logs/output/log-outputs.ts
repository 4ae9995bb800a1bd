import { resolve } from 'node:path';

import { BalanceError, messageOf, systemCodeOf } from '../../../errors.ts';
import type { LogFields } from '../../../plugin-api/logger.ts';
import type { LogFileProblem } from './log-file.ts';
import type { LogOutput } from './log-output.ts';
import type { LogRotation } from './log-rotation.ts';
import { linesIn, LogSink, type LogSinkOptions, type PastTrouble } from './log-sink.ts';

/**
 * Makes an output when it is needed first.
 *
 * @param name `stdout`, `stderr` or the absolute name of a file
 * @param problem is told when something about the output fails although lines can still be written
 */
export type OutputOpener = (name: string, problem: LogFileProblem) => LogOutput;

export interface LogOutputsOptions {
  /** The folder that relative file names start from. */
  readonly directory: string;
  readonly open: OutputOpener;
  /** As {@link LogSinkOptions.bufferSizeBytes}. */
  readonly bufferSizeBytes?: number | undefined;
  /** Formats the line that says that an output fails, or that it works again. */
  readonly describe: (message: string, fields: LogFields) => string;
  /** The output of the operator's log, as the live config has it. */
  readonly operatorLog: () => LogSink;
}

/** An output that a config names, and the config key that names it. */
export interface WantedOutput {
  readonly key: string;
  /** `stdout`, `stderr` or a file name. */
  readonly output: string;
}

/** The outputs of a new config, open and ready. `commit` closes those that only the old config used, `unwind` those that were opened. */
export interface PreparedOutputs {
  sink(output: string): LogSink;
  commit(): void;
  unwind(): void;
}

/** An output in use by another thread: it stays open until that thread has said its last lines, whatever the config says meanwhile. */
export interface HeldOutput {
  /** As {@link LogSink.take}. */
  take(bytes: Buffer, taken: () => void): void;
  /** As {@link LogSink.noteDrops}. */
  noteDrops(lines: number): void;
  /** Ends the use. To call it again does nothing. */
  release(): void;
}

interface OpenOutput {
  readonly sink: LogSink;
  readonly output: LogOutput;
  /** No config wants it any more. */
  isLeft: boolean;
}

/** At most one warning about the same output is written in this time. */
const WARNING_INTERVAL_MS = 60_000;
const LAST_FLUSH_MS = 500;

/** All open log outputs. Each is opened once, even when several kinds of lines (the operator's log, the access log) share it. */
export class LogOutputs {
  readonly #options: LogOutputsOptions;
  readonly #open = new Map<string, OpenOutput>();
  /** How many others use an output, by its name. */
  readonly #holds = new Map<string, number>();
  readonly #warnedAtMs = new Map<string, number>();
  /** Outputs whose failure was written to stderr: that they work again must be written there too. */
  readonly #toldToFail = new Set<string>();
  readonly #closing = new Map<LogSink, Promise<void>>();
  /** Number of lines dropped by outputs that are closed now. */
  #closedDrops = 0;

  constructor(options: LogOutputsOptions) {
    this.#options = options;
    this.#add('stdout');
  }

  get stdout(): LogSink {
    return this.#sink('stdout');
  }

  /** Number of lines that all outputs have dropped since the start. */
  get droppedLines(): number {
    let count = this.#closedDrops;
    for (const { sink } of this.#open.values()) count += sink.droppedLines;
    return count;
  }

  /** Opens the outputs that are not open yet. When a file can't be opened, it rejects with a BalanceError that names the config key. */
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
      const { output: opened } = this.#add(name);
      try {
        await opened.open?.();
      } catch (error) {
        if (MAY_PASS.has(systemCodeOf(error))) continue;
        unwind();
        const reason = `${key}: the log file can't be opened: ${messageOf(error)}`;
        throw new BalanceError('config_invalid', reason, { cause: error });
      }
    }
    const names = new Set(['stdout', ...wanted.map(({ output }) => this.#nameOf(output))]);
    return {
      sink: (output) => this.#sink(this.#nameOf(output)),
      commit: () => {
        for (const [name, open] of this.#open) {
          open.isLeft = name !== 'stderr' && !names.has(name);
          if (open.isLeft) this.#closeUnheld(name);
          else open.output.setRotation?.(rotation);
        }
      },
      unwind,
    };
  }

  /**
   * For lines of another thread. Without a config that names the output, its lines are dropped and counted.
   *
   * @param output as in {@link WantedOutput}
   */
  hold(output: string): HeldOutput {
    const name = this.#nameOf(output);
    this.#holds.set(name, (this.#holds.get(name) ?? 0) + 1);
    let isHeld = true;
    return {
      take: (bytes, taken) => {
        const open = this.#open.get(name);
        if (open !== undefined) {
          open.sink.take(bytes, taken);
          return;
        }
        this.#closedDrops += linesIn(bytes, 0);
        taken();
      },
      noteDrops: (lines) => {
        const open = this.#open.get(name);
        if (open === undefined) this.#closedDrops += lines;
        else open.sink.noteDrops(lines);
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        const holds = this.#holds.get(name) ?? 0;
        if (holds > 1) this.#holds.set(name, holds - 1);
        else this.#holds.delete(name);
        if (this.#open.get(name)?.isLeft === true) this.#closeUnheld(name);
      },
    };
  }

  /** Opens the names of all log files again, after another program has moved the files. */
  reopen(): void {
    for (const { sink } of this.#open.values()) sink.reopen();
  }

  /** Writes all lines that wait. Resolves with false when some are still unwritten after `deadlineMs`. */
  async flush(deadlineMs: number): Promise<boolean> {
    const results = await Promise.all(this.#sinks.map((sink) => sink.flush(deadlineMs)));
    return results.every(Boolean);
  }

  /** Writes synchronously what the outputs take at once; for the `exit` event of the process. */
  flushNow(): void {
    for (const sink of this.#sinks) sink.flushNow();
  }

  /** Writes what can be written within about a second, then closes all outputs. */
  async close(): Promise<void> {
    // Flush before closing: the line that says what one output dropped may go to another output.
    await Promise.all([...this.#closing.values(), this.flush(LAST_FLUSH_MS)]);
    await Promise.all([...this.#open.values()].map(({ sink }) => sink.close()));
  }

  /** All that may still have lines, also of outputs that an edit left. */
  get #sinks(): LogSink[] {
    return [...this.#closing.keys(), ...[...this.#open.values()].map(({ sink }) => sink)];
  }

  #nameOf(output: string): string {
    return output === 'stdout' || output === 'stderr' ? output : resolve(this.#options.directory, output);
  }

  #sink(name: string): LogSink {
    const open = this.#open.get(name);
    if (open === undefined) throw new BalanceError('internal', `no log output ${name}`);
    return open.sink;
  }

  #add(name: string): OpenOutput {
    const { open, bufferSizeBytes } = this.#options;
    const output = open(name, (problem, error) => this.#warn(problem, name, error));
    // Who is told of each drop reports it.
    const reports = output.noteDrop === undefined ? this.#reportsOf(name) : {};
    const added = { sink: new LogSink(output, { bufferSizeBytes, ...reports }), output, isLeft: false };
    this.#open.set(name, added);
    return added;
  }

  #reportsOf(name: string): Pick<LogSinkOptions, 'troubled' | 'recovered'> {
    return {
      troubled: (error) => {
        const problem = 'log output fails: lines wait for it, and are dropped when there are too many';
        if (this.#warn(problem, name, error ?? 'it takes no more lines')) this.#toldToFail.add(name);
      },
      recovered: (trouble) => {
        this.#recovered(name, trouble);
      },
    };
  }

  #closeUnheld(name: string): void {
    if (!this.#holds.has(name)) this.#close(name);
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
      this.#closing.delete(sink);
      // More lines may have been dropped while the output closed.
      this.#closedDrops += sink.droppedLines - dropped;
    });
    this.#closing.set(sink, closing);
  }

  /**
   * Writes to the operator's log that an output works again, and also to stderr if its failure was reported there. Nothing is written
   * when the failure was not reported (at most one report a minute) and no line was lost.
   */
  #recovered(name: string, { durationMs, droppedLines }: PastTrouble): void {
    const wasTold = this.#toldToFail.delete(name);
    if (!wasTold && droppedLines === 0) return;
    const fields = { output: name, failed_for_ms: durationMs, dropped: droppedLines };
    const line = this.#options.describe('log output works again', fields);
    const log = this.#options.operatorLog();
    log.write(line);
    if (wasTold && this.#stderr !== log) this.#stderr.write(line);
  }

  /** Writes a warning to stderr, unless stderr itself fails or the output was warned of a moment ago. Returns whether it was written. */
  #warn(problem: string, name: string, error: unknown): boolean {
    const now = performance.now();
    const warnedAtMs = this.#warnedAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
    if (name === 'stderr' || now - warnedAtMs < WARNING_INTERVAL_MS) return false;
    this.#warnedAtMs.set(name, now);
    this.#stderr.write(this.#options.describe(problem, { output: name, error }));
    return true;
  }

  get #stderr(): LogSink {
    return this.#open.get('stderr')?.sink ?? this.#add('stderr').sink;
  }
}

/** Errors that may go away without an edit of the config: a full disk, a pipe that nobody reads yet, too many open files. */
const MAY_PASS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'ENXIO', 'EMFILE', 'ENFILE', 'EIO']);
