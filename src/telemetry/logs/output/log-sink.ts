import type { LogOutput } from './log-output.ts';

/** Limits of a {@link LogSink}. */
export interface LogSinkOptions {
  /** Lines are written as soon as so much text has been gathered. Default: 64 KiB. */
  readonly batchSizeBytes?: number | undefined;
  /** Lines are written at the latest when the oldest has waited for this time. Default: 100 ms. */
  readonly batchDelayMs?: number | undefined;
  /** A line that would make the buffer larger than this is dropped and counted. Default: 8 MiB. */
  readonly bufferSizeBytes?: number | undefined;
  /** Called when the output begins to fail, or when it stalls and the first line is dropped. Not called again before `recovered`. */
  readonly troubled?: ((error: Error | undefined) => void) | undefined;
  /** Called when the output works and has room again after `troubled`. It may write to this sink. */
  readonly recovered?: ((trouble: PastTrouble) => void) | undefined;
}

/** A time in which an output failed or took no lines. */
export interface PastTrouble {
  readonly durationMs: number;
  /** Number of lines that were dropped in that time. */
  readonly droppedLines: number;
}

interface Batch {
  readonly bytes: Buffer;
  offset: number;
}

/** Lines of another thread for which there is no room yet. */
interface WaitingBatch {
  readonly bytes: Buffer;
  readonly taken: () => void;
}

interface FlushWaiter {
  readonly timer: NodeJS.Timeout;
  readonly resolve: (complete: boolean) => void;
}

const DEFAULT_BATCH_SIZE_BYTES = 65_536;
const DEFAULT_BATCH_DELAY_MS = 100;
const DEFAULT_BUFFER_SIZE_BYTES = 8 * 1024 * 1024;
const FIRST_RETRY_MS = 2;
const LAST_RETRY_MS = 1000;
/** A pipe with a slow reader answers EAGAIN often; a longer pause would slow the log down further. */
const LAST_RETRY_BUSY_MS = 50;
const CLOSE_DEADLINE_MS = 1000;
const LINE_FEED = 10;

/**
 * Writes the lines of one output: gathers them into batches, and writes one batch at a time. When the output stalls or fails (a pipe
 * that nobody reads, a full disk), it tries the batch again; meanwhile lines wait in memory up to a limit, and lines beyond the limit are
 * dropped and counted. It never throws and never blocks the event loop.
 */
export class LogSink {
  readonly #output: LogOutput;
  readonly #reportTrouble: (error: Error | undefined) => void;
  readonly #reportRecovery: (trouble: PastTrouble) => void;
  readonly #batchSize: number;
  readonly #batchDelayMs: number;
  readonly #bufferSize: number;

  /** Lines that are not in a batch yet. */
  #text = '';
  readonly #batches: Batch[] = [];
  readonly #waiting: WaitingBatch[] = [];
  #batchedBytes = 0;
  #droppedLines = 0;
  #unreportedDrops = 0;
  /** Start of the present trouble by the monotonic clock; undefined while the output works. */
  #troubledSinceMs: number | undefined;
  #writing = false;
  #closing: Promise<void> | undefined;
  #closed = false;
  #batchTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryDelayMs = 0;
  #lastError: Error | undefined;
  readonly #waiters = new Set<FlushWaiter>();

  constructor(output: LogOutput, options: LogSinkOptions = {}) {
    this.#output = output;
    this.#reportTrouble = options.troubled ?? (() => undefined);
    this.#reportRecovery = options.recovered ?? (() => undefined);
    this.#batchSize = options.batchSizeBytes ?? DEFAULT_BATCH_SIZE_BYTES;
    this.#batchDelayMs = options.batchDelayMs ?? DEFAULT_BATCH_DELAY_MS;
    this.#bufferSize = options.bufferSizeBytes ?? DEFAULT_BUFFER_SIZE_BYTES;
  }

  /** Number of lines dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Number of bytes that wait to be written. A character that is not in a batch yet counts as one byte. */
  get bufferedBytes(): number {
    return this.#batchedBytes + this.#text.length;
  }

  /** Why the last write failed; undefined when it succeeded. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Accepts a whole line that ends in a line feed. */
  write(line: string): void {
    if (this.#closed || this.bufferedBytes + line.length > this.#bufferSize) {
      this.#drop();
      return;
    }
    this.#text += line;
    if (this.#text.length >= this.#batchSize) this.#seal();
    else this.#batchTimer ??= setTimeout(() => this.#seal(), this.#batchDelayMs);
  }

  /** Begins to write what was gathered, unless something is being written: then the lines wait as they do without this. */
  hurry(): void {
    if (!this.#writing && this.#batches.length === 0) this.#seal();
  }

  /**
   * Takes whole lines that another sink has gathered, as soon as there is room for them: in half of the buffer, so that the other half is
   * left for {@link write}. `taken` is called then; one that waits for it before the next call needs no more memory than that.
   */
  take(bytes: Buffer, taken: () => void): void {
    this.#waiting.push({ bytes, taken });
    this.#admit();
  }

  /** Lines were dropped before they reached this sink. */
  noteDrops(lines: number): void {
    this.#droppedLines += lines;
    if (this.#closed || lines === 0) return;
    this.#unreportedDrops += lines;
    this.#trouble(this.#lastError);
  }

  /** Opens the output's file again, after another program has moved it. Lines that wait are tried again at once. */
  reopen(): void {
    this.#cancelRetry();
    this.#output.reopen();
    this.#writeNext();
  }

  /** Writes all lines that wait. Resolves with false when some are still unwritten after `deadlineMs`. */
  flush(deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: FlushWaiter = {
        resolve,
        timer: setTimeout(() => {
          this.#waiters.delete(waiter);
          resolve(false);
        }, deadlineMs),
      };
      this.#waiters.add(waiter);
      this.#cancelRetry();
      this.#seal();
      this.#settleWaiters();
    });
  }

  /** Writes synchronously what the output takes at once; for the `exit` event, after which nothing asynchronous runs. */
  flushNow(): void {
    this.#seal({ write: false });
    // The batch that is being written may already be in the file. To write it twice would be worse than to lose it.
    const skipped = this.#writing ? 1 : 0;
    for (const batch of this.#batches.splice(skipped)) {
      this.#batchedBytes -= batch.bytes.length - batch.offset;
      const rest = batch.bytes.subarray(batch.offset);
      if (this.#output.writeNow(rest) < rest.length) return;
    }
  }

  /** Writes what can be written within a second, then closes the output. Later lines are dropped. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.flush(CLOSE_DEADLINE_MS);
    this.#closed = true;
    this.#cancelRetry();
    clearTimeout(this.#batchTimer);
    this.#seal({ write: false });
    for (const { bytes, offset } of this.#batches.splice(0)) this.#droppedLines += linesIn(bytes, offset);
    this.#batchedBytes = 0;
    this.#admit();
    this.#output.close();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { bytes, taken } = next;
      const isFull = this.bufferedBytes > 0 && this.bufferedBytes + bytes.length > this.#bufferSize / 2;
      if (isFull && !this.#closed) return;
      this.#waiting.shift();
      if (this.#closed) this.#droppedLines += linesIn(bytes, 0);
      else this.#append(bytes);
      taken();
    }
  }

  /** The lines that were written before go out before them. */
  #append(bytes: Buffer): void {
    this.#seal({ write: false });
    this.#batches.push({ bytes, offset: 0 });
    this.#batchedBytes += bytes.length;
    this.#writeNext();
  }

  #seal(options = { write: true }): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    if (this.#text !== '') {
      const bytes = Buffer.from(this.#text, 'utf8');
      this.#text = '';
      this.#batches.push({ bytes, offset: 0 });
      this.#batchedBytes += bytes.length;
    }
    if (options.write) this.#writeNext();
  }

  #writeNext(): void {
    const batch = this.#batches[0];
    if (batch === undefined || this.#writing || this.#retryTimer !== undefined) return;
    this.#writing = true;
    this.#output.write(batch.bytes, batch.offset, (error, end) => {
      this.#writing = false;
      this.#written(batch, error, end);
    });
  }

  #written(batch: Batch, error: Error | undefined, end: number): void {
    if (this.#closed) return;
    this.#lastError = error;
    if (error !== undefined || end === batch.offset) {
      this.#retryLater(error);
      return;
    }
    this.#retryDelayMs = 0;
    this.#batchedBytes -= end - batch.offset;
    batch.offset = end;
    if (end >= batch.bytes.length) this.#batches.shift();
    this.#admit();
    this.#recover();
    this.#writeNext();
    this.#settleWaiters();
  }

  #drop(): void {
    this.noteDrops(1);
    this.#output.noteDrop?.();
  }

  #trouble(error: Error | undefined): void {
    if (this.#troubledSinceMs !== undefined) return;
    this.#troubledSinceMs = performance.now();
    this.#reportTrouble(error);
  }

  #retryLater(error: Error | undefined): void {
    const busy = error === undefined || ('code' in error && error.code === 'EAGAIN');
    // A slow reader is not reported before lines are dropped.
    if (!busy) this.#trouble(error);
    const longest = busy ? LAST_RETRY_BUSY_MS : LAST_RETRY_MS;
    this.#retryDelayMs = Math.min(
      longest,
      this.#retryDelayMs === 0 ? FIRST_RETRY_MS : this.#retryDelayMs * 2,
    );
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#writeNext();
    }, this.#retryDelayMs);
    // A failing output must not keep the process alive.
    this.#retryTimer.unref();
  }

  #cancelRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  /** Reports the recovery only when half of the buffer is free: otherwise a slow reader would get a line about dropped ones after each batch. */
  #recover(): void {
    const sinceMs = this.#troubledSinceMs;
    if (sinceMs === undefined || this.#waiting.length > 0 || this.bufferedBytes > this.#bufferSize / 2)
      return;
    this.#troubledSinceMs = undefined;
    const droppedLines = this.#unreportedDrops;
    this.#unreportedDrops = 0;
    this.#reportRecovery({ durationMs: performance.now() - sinceMs, droppedLines });
  }

  #settleWaiters(): void {
    if (this.#waiters.size === 0) return;
    if (this.#text !== '') this.#seal();
    if (this.#batches.length > 0 || this.#waiting.length > 0) return;
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(true);
    }
    this.#waiters.clear();
  }
}

/** Number of lines that end in these bytes. */
export function linesIn(bytes: Buffer, offset: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED, offset); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}
