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

/** Never blocks, not even on a pipe that nobody reads. */
const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
const MODE = 0o640;
const LINE_FEED = 10;
const LOOK_INTERVAL_MS = 1000;
const ROTATION_RETRY_MS = 60_000;
const REOPEN_RETRY_MS = 1000;
const LONGEST_AGE_CHECK_MS = 3_600_000;
const SHORTEST_AGE_CHECK_MS = 1000;

/** Errors that are not the descriptor's: it can be written to as soon as there is room or a reader. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT', 'EPIPE']);

/** Told of what does not go as it should although lines are still written. */
export type LogFileProblem = (problem: string, error: unknown) => void;

interface OpenFile {
  readonly fd: number;
  readonly identity: string;
  readonly isRegular: boolean;
  sizeBytes: number;
}

/**
 * A file that is named, so that it can be opened anew and rotated. Lines are never split between two files: it is changed
 * only where a line begins, and a line of which a file took only a part, because it failed, begins anew in the next one.
 */
export class LogFile implements LogOutput {
  readonly path: string;
  readonly #problem: LogFileProblem;
  #rotation: LogRotation | undefined;
  #file: OpenFile | undefined;
  /** What is done to the file is done one after the other. */
  #work: Promise<void> = Promise.resolve();
  #reopenWanted = false;
  /** The last write failed, so that the file may be given up within a line. */
  #failed = false;
  /** Nothing was written to the file since it was opened in place of another one. */
  #isFresh = false;
  /** Part of a line is in the file, and the rest is about to follow. */
  #isWithinLine = false;
  #lastIdentity = '';
  #lookedAtMs = 0;
  #rotateFromMs = 0;
  /** While the name can't be opened, it is tried again only now and then. */
  #reopenFromMs = 0;
  #ageTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, problem: LogFileProblem) {
    this.path = path;
    this.#problem = problem;
  }

  /** Opens the file, and creates it where it is missing. */
  open(): Promise<void> {
    return this.#then(async () => {
      if (this.#file === undefined) await this.#open();
    });
  }

  /** From the next line on; undefined: never. */
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

  /** At once, or after the line that is being written. */
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

  /** The file that the next bytes go to, opened anew or rotated where it is time for that. */
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

  /** Notices a file that was moved, removed or truncated by others. */
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

  /** How large the file may become: without limit while it can't be replaced, as a limit would cut the lines into writes of one each. */
  #limitOf({ isRegular }: OpenFile): number {
    const mayRotate = isRegular && !this.#reopenWanted && Date.now() >= this.#rotateFromMs;
    return (mayRotate ? this.#rotation?.max_size : undefined) ?? Number.POSITIVE_INFINITY;
  }

  async #rotate(file: OpenFile): Promise<void> {
    const rotation = this.#rotation;
    if (rotation === undefined) return;
    await this.#look(file);
    // Moved or truncated in the meantime.
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

  /** While the name can't be opened, lines go to the file that was moved away, if there still is one. */
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

/** Where the line ends that begins at `start`. */
function lineEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(LINE_FEED, start);
  return end < 0 ? bytes.length : end + 1;
}

/** Where the last line ends that lies within `room` bytes from `start` on; one line in any case. */
function endWithin(bytes: Buffer, start: number, room: number): number {
  if (start + room >= bytes.length) return bytes.length;
  const last = room > 0 ? bytes.lastIndexOf(LINE_FEED, start + room - 1) : -1;
  return last < start ? lineEnd(bytes, start) : last + 1;
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/** Whether the file still has a name, so that what is written to it can be found. */
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
    // Nothing is left to be done with it.
  }
}
