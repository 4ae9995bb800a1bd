import { close, constants, fstat, open, stat, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

import { systemCodeOf } from '../../../errors.ts';
import type { LogOutput, WriteDone } from './log-output.ts';
import { deleteOldLogFiles, rotateLogFile, type LogRotation } from './log-rotation.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const writeFile = promisify(write);
const statFile = promisify(stat);
const statDescriptor = promisify(fstat);

/** With O_NONBLOCK neither opening nor writing blocks, even when the name is a pipe that nobody reads. */
const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
const MODE = 0o640;
const LINE_FEED = 10;
const LOOK_INTERVAL_MS = 1000;
const ROTATION_RETRY_MS = 60_000;
const REOPEN_RETRY_MS = 1000;
const LONGEST_AGE_CHECK_MS = 3_600_000;
const SHORTEST_AGE_CHECK_MS = 1000;

/** Errors after which the same descriptor can be used again, once there is room or a reader. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT', 'EPIPE']);

/** Called when something about the file fails (reopening, rotation) although lines can still be written. */
export type LogFileProblem = (problem: string, error: unknown) => void;

interface OpenFile {
  readonly fd: number;
  readonly identity: string;
  readonly isRegular: boolean;
  sizeBytes: number;
}

/**
 * A log file with a name, so that it can be reopened and rotated. A line is never split between two files: the file changes only at
 * the start of a line. When a file fails in the middle of a line, the whole line is written again to the next file.
 */
export class LogFile implements LogOutput {
  readonly path: string;
  readonly #problem: LogFileProblem;
  #rotation: LogRotation | undefined;
  #file: OpenFile | undefined;
  /** The last of the operations on the file, which run one after the other. */
  #work: Promise<void> = Promise.resolve();
  #reopenWanted = false;
  /** The last write failed: the file may be replaced in the middle of a line. */
  #failed = false;
  /** The file replaced another one, and nothing was written to it so far. */
  #isFresh = false;
  /** The last write ended in the middle of a line: the rest of that line follows with the next write. */
  #isWithinLine = false;
  #lastIdentity = '';
  #lookedAtMs = 0;
  #rotateFromMs = 0;
  /** After a failed attempt to reopen the file, the next attempt is not made before this time (ms since 1970). */
  #reopenFromMs = 0;
  #ageTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, problem: LogFileProblem) {
    this.path = path;
    this.#problem = problem;
  }

  /** Opens the file; creates it when it does not exist. */
  open(): Promise<void> {
    return this.#then(async () => {
      if (this.#file === undefined) await this.#open();
    });
  }

  /** How the file is rotated from the next line on; undefined: it is not rotated. */
  setRotation(rotation: LogRotation | undefined): void {
    this.#rotation = rotation;
    clearInterval(this.#ageTimer);
    this.#ageTimer = undefined;
    const maxAgeMs = rotation?.max_age;
    if (this.#closed || maxAgeMs === undefined) return;
    const checkMs = Math.min(LONGEST_AGE_CHECK_MS, Math.max(SHORTEST_AGE_CHECK_MS, maxAgeMs / 4));
    this.#ageTimer = setInterval(() => void this.#then(() => this.#deleteOld()), checkMs);
    this.#ageTimer.unref();
    void this.#then(() => this.#deleteOld());
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    void this.#then(async () => {
      let end;
      try {
        end = await this.#write(bytes, offset);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)), offset);
        return;
      }
      done(undefined, end);
    });
  }

  writeNow(bytes: Buffer): number {
    if (this.#file === undefined) return 0;
    try {
      return writeSync(this.#file.fd, bytes);
    } catch {
      return 0;
    }
  }

  /** Reopens the file now, or at the end of the line that is being written. */
  reopen(): void {
    this.#reopenWanted = true;
    void this.#then(async () => {
      if (this.#closed || !this.#reopenWanted || this.#isWithinLine) return;
      try {
        await this.#reopen();
      } catch (error) {
        this.#problem('log file can not be opened again', error);
      }
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ageTimer);
    void this.#then(() => this.#closeFile());
  }

  async #write(bytes: Buffer, offset: number): Promise<number> {
    const atLineStart = offset === 0 || bytes[offset - 1] === LINE_FEED;
    const file = await this.#fileFor(lineEnd(bytes, offset) - offset, atLineStart);
    const from = this.#isFresh && !atLineStart ? bytes.lastIndexOf(LINE_FEED, offset - 1) + 1 : offset;
    const to = endWithin(bytes, from, this.#limitOf(file) - file.sizeBytes);
    let written;
    try {
      ({ bytesWritten: written } = await writeFile(file.fd, bytes, from, to - from, null));
    } catch (error) {
      const code = systemCodeOf(error);
      this.#failed = code !== 'EAGAIN';
      if (!PASSING.has(code)) this.#reopenWanted = true;
      throw error;
    }
    this.#failed = false;
    if (written > 0) this.#isFresh = false;
    file.sizeBytes += written;
    const end = from + written;
    this.#isWithinLine = end > 0 && bytes[end - 1] !== LINE_FEED;
    return end;
  }

  /** Returns the file for the next bytes; reopens or rotates it first when that is due. */
  async #fileFor(lineBytes: number, atLineStart: boolean): Promise<OpenFile> {
    if (this.#closed) throw new Error('closed');
    const current = this.#file;
    if (current === undefined) return this.#open();
    if (!atLineStart && !this.#failed) return current;
    if (Date.now() - this.#lookedAtMs >= LOOK_INTERVAL_MS) await this.#look(current);
    const isFull = current.sizeBytes > 0 && current.sizeBytes + lineBytes > this.#limitOf(current);
    if (!this.#reopenWanted && isFull) await this.#rotate(current);
    if (this.#reopenWanted && Date.now() >= this.#reopenFromMs) await this.#reopen();
    return this.#file ?? this.#open();
  }

  /** Checks whether another program moved, removed or truncated the file. */
  async #look(file: OpenFile): Promise<void> {
    this.#lookedAtMs = Date.now();
    try {
      const found = await statFile(this.path, { bigint: true });
      if (identityOf(found) !== file.identity) this.#reopenWanted = true;
      else file.sizeBytes = Number(found.size);
    } catch {
      this.#reopenWanted = true;
    }
  }

  /** The size in bytes up to which the file is filled. There is no limit while it can't be rotated: a limit would turn every line into a write of its own. */
  #limitOf({ isRegular }: OpenFile): number {
    const mayRotate = isRegular && !this.#reopenWanted && Date.now() >= this.#rotateFromMs;
    return (mayRotate ? this.#rotation?.max_size : undefined) ?? Number.POSITIVE_INFINITY;
  }

  async #rotate(file: OpenFile): Promise<void> {
    const rotation = this.#rotation;
    if (rotation === undefined) return;
    await this.#look(file);
    // Another program moved or truncated the file in the meantime.
    if (this.#reopenWanted || file.sizeBytes === 0) return;
    try {
      if (await rotateLogFile(this.path, rotation)) this.#reopenWanted = true;
      else this.#rotateFromMs = Date.now() + ROTATION_RETRY_MS;
    } catch (error) {
      this.#rotateFromMs = Date.now() + ROTATION_RETRY_MS;
      this.#problem('log file can not be rotated', error);
    }
    if (this.#reopenWanted) await this.#deleteOld();
  }

  /** Opens the name again. When that fails, lines go on into the old file, as long as that still has a name somewhere. */
  async #reopen(): Promise<void> {
    const old = this.#file;
    try {
      await this.#open();
    } catch (error) {
      if (old === undefined || !(await isLinked(old))) {
        await this.#closeFile();
        throw error;
      }
      this.#problem('log file can not be opened again', error);
      this.#reopenFromMs = Date.now() + REOPEN_RETRY_MS;
      return;
    }
    this.#reopenWanted = false;
    this.#reopenFromMs = 0;
    if (old !== undefined) await closeQuietly(old);
  }

  async #open(): Promise<OpenFile> {
    const fd = await openFile(this.path, OPEN_FLAGS, MODE);
    const found = await statDescriptor(fd, { bigint: true });
    const file: OpenFile = {
      fd,
      identity: identityOf(found),
      isRegular: found.isFile(),
      sizeBytes: Number(found.size),
    };
    this.#isFresh = this.#isFresh || file.identity !== this.#lastIdentity;
    this.#lastIdentity = file.identity;
    this.#file = file;
    this.#lookedAtMs = Date.now();
    return file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await closeQuietly(file);
  }

  async #deleteOld(): Promise<void> {
    if (this.#rotation === undefined || this.#closed) return;
    try {
      await deleteOldLogFiles(this.path, this.#rotation);
    } catch (error) {
      this.#problem('old log files can not be deleted', error);
    }
  }

  #then(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

/** The end of the line that begins at `start`. */
function lineEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(LINE_FEED, start);
  return end < 0 ? bytes.length : end + 1;
}

/** The end of the last line that fits into `room` bytes from `start` on. One line is taken even if it does not fit. */
function endWithin(bytes: Buffer, start: number, room: number): number {
  if (start + room >= bytes.length) return bytes.length;
  const last = room > 0 ? bytes.lastIndexOf(LINE_FEED, start + room - 1) : -1;
  return last < start ? lineEnd(bytes, start) : last + 1;
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/** Whether the file still has a name, so that an operator can find what is written to it. */
async function isLinked({ fd }: OpenFile): Promise<boolean> {
  try {
    return (await statDescriptor(fd)).nlink > 0;
  } catch {
    return false;
  }
}

async function closeQuietly({ fd }: OpenFile): Promise<void> {
  try {
    await closeFile(fd);
  } catch {
    // The file is no longer used, whether or not it could be closed.
  }
}
