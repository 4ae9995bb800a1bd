import type { LogOutput } from './log-output.ts';

/** Limits of a {@link LogSink}. */
export interface LogSinkOptions {
  /** Lines are handed on once so much text is together. Default 64 KiB. */
  readonly batchSizeBytes?: number;
  /** … or the oldest of them waited for so long. Default 100 ms. */
  readonly batchDelayMs?: number;
  /** Lines that would grow the buffer beyond this are dropped and counted. Default 8 MiB. */
  readonly bufferSizeBytes?: number;
  /** Called when the output fails, or the first line is dropped because it stalls; then not again until it works. */
  readonly troubled?: (error: Error | undefined) => void;
  /** Called once the output works and there is room again, after it was troubled. May write to this sink. */
  readonly recovered?: (trouble: PastTrouble) => void;
}

/** A time in which an output took no lines. */
export interface PastTrouble {
  readonly durationMs: number;
  /** Lines that were lost meanwhile. */
  readonly droppedLines: number;
}

interface Batch {
  readonly bytes: Buffer;
  offset: number;
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
/** A pipe that is read slowly says EAGAIN all the time; waiting long would make it slower still. */
const LAST_RETRY_BUSY_MS = 50;
const CLOSE_DEADLINE_MS = 1000;
const LINE_FEED = 10;

/**
 * The one writer of all log lines: gathers them into batches and writes one batch at a time. When the output
 * stalls or fails (a pipe that nobody reads, a full disk) the batch is tried again, lines gather up to a limit,
 * and those beyond it are dropped and counted. It never throws and never blocks the event loop.
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
  #batchedBytes = 0;
  #droppedLines = 0;
  #unreportedDrops = 0;
  /** Since when, on the monotonic clock; undefined while all is well. */
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

  /** Lines dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** What waits to be written; a character that is not in a batch yet counts as one byte. */
  get bufferedBytes(): number {
    return this.#batchedBytes + this.#text.length;
  }

  /** Why the last write failed; undefined once one succeeded. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Takes a whole line that ends in a line feed. */
  write(line: string): void {
    if (this.#closed || this.bufferedBytes + line.length > this.#bufferSize) {
      this.#drop();
      return;
    }
    this.#text += line;
    if (this.#text.length >= this.#batchSize) this.#seal();
    else this.#batchTimer ??= setTimeout(() => this.#seal(), this.#batchDelayMs);
  }

  /** Opens the output anew, as whoever moved its file away wants it; lines that wait for it are tried again at once. */
  reopen(): void {
    this.#cancelRetry();
    this.#output.reopen();
    this.#writeNext();
  }

  /** Writes all that was taken. Resolves with false when not all of it was written after `deadlineMs`. */
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

  /** For the exit event, where nothing asynchronous happens any more: writes what the output takes at once. */
  flushNow(): void {
    this.#seal({ write: false });
    // The batch under way is in the kernel's hands, or was refused; twice would be worse than never.
    const skipped = this.#writing ? 1 : 0;
    for (const batch of this.#batches.splice(skipped)) {
      this.#batchedBytes -= batch.bytes.length - batch.offset;
      const rest = batch.bytes.subarray(batch.offset);
      if (this.#output.writeNow(rest) < rest.length) return;
    }
  }

  /** Writes what can be written within a second, then gives the output up. Later lines are dropped. */
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
    this.#output.close();
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
    this.#recover();
    this.#writeNext();
    this.#settleWaiters();
  }

  #drop(): void {
    this.#droppedLines++;
    if (this.#closed) return;
    this.#unreportedDrops++;
    this.#trouble(this.#lastError);
  }

  #trouble(error: Error | undefined): void {
    if (this.#troubledSinceMs !== undefined) return;
    this.#troubledSinceMs = performance.now();
    this.#reportTrouble(error);
  }

  #retryLater(error: Error | undefined): void {
    const busy = error === undefined || ('code' in error && error.code === 'EAGAIN');
    // A reader that is slow is no trouble before it costs lines.
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
    // An output that is gone must not keep the process alive.
    this.#retryTimer.unref();
  }

  #cancelRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  /** Waits for real room, or a slow reader would get a line about dropped ones after each batch. */
  #recover(): void {
    const sinceMs = this.#troubledSinceMs;
    if (sinceMs === undefined || this.bufferedBytes > this.#bufferSize / 2) return;
    this.#troubledSinceMs = undefined;
    const droppedLines = this.#unreportedDrops;
    this.#unreportedDrops = 0;
    this.#reportRecovery({ durationMs: performance.now() - sinceMs, droppedLines });
  }

  #settleWaiters(): void {
    if (this.#waiters.size === 0) return;
    if (this.#text !== '') this.#seal();
    if (this.#batches.length > 0) return;
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(true);
    }
    this.#waiters.clear();
  }
}

function linesIn(bytes: Buffer, offset: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED, offset); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}
