import { closeSync, constants, fstatSync, openSync, write as writeFile, writeSync } from 'node:fs';
import { Socket } from 'node:net';

import type { LogRotation } from './log-rotation.ts';

/** Something that log bytes are written to. Writing never blocks the event loop and never throws: errors go to the callback. */
export interface LogOutput {
  /** Opens it, before anything is written. Rejects when that fails. Default: it is open already. */
  open?(): Promise<void>;
  /** How its file is rotated from the next line on; undefined: it is not. Default: it has no file of its own. */
  setRotation?(rotation: LogRotation | undefined): void;
  /** A line for it was dropped. Default: its sink alone counts these, and reports when it fails. */
  noteDrop?(): void;
  /**
   * Writes `bytes` from `offset` on. They consist of whole lines, and the caller must not change them before `done` is called.
   * `done` is called exactly once, and never before `write` has returned. The output may write fewer bytes than given; after an
   * error it has written none.
   */
  write(bytes: Buffer, offset: number, done: WriteDone): void;
  /** Writes synchronously what the output takes at once, for the end of the process. Returns the number of bytes written. */
  writeNow(bytes: Buffer): number;
  /** Opens the file's name again; does nothing for an output without a file name. */
  reopen(): void;
  /** Ends the output: nothing may be written after it. The callback of a write that is under way may still be called. */
  close(): void;
}

/**
 * Called when a write is over.
 *
 * @param end the offset in the bytes up to which they are written. It lies before the offset that the write began with when a line
 *   that was partly written must be written again from its start.
 */
export type WriteDone = (error: Error | undefined, end: number) => void;

/**
 * Returns the output for a file descriptor of this process.
 *
 * A pipe or terminal is opened a second time, with O_NONBLOCK. A blocking write to a stalled reader would block the event loop, or, in
 * the thread pool, a thread and with it the exit of the process. The second opening leaves the first one as it is, because other
 * processes may share that. Where the second opening is not allowed (sockets, pipes of another user), a libuv stream is used, which
 * sets O_NONBLOCK on the shared one.
 */
export function openLogOutput(fd: number): LogOutput {
  let kind;
  try {
    kind = fstatSync(fd);
  } catch {
    return new DescriptorOutput(fd, false);
  }
  if (kind.isFIFO() || kind.isCharacterDevice()) {
    const nonBlocking = reopenNonBlocking(fd);
    if (nonBlocking !== undefined) return new DescriptorOutput(nonBlocking, true);
  }
  if (kind.isFIFO() || kind.isSocket()) {
    try {
      return new StreamOutput(fd);
    } catch {
      return new DescriptorOutput(fd, false);
    }
  }
  return new DescriptorOutput(fd, false);
}

function reopenNonBlocking(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** The output for regular files, devices, and descriptors that were opened with O_NONBLOCK. */
class DescriptorOutput implements LogOutput {
  readonly #fd: number;
  readonly #owned: boolean;
  #writing = false;
  #closed = false;

  constructor(fd: number, owned: boolean) {
    this.#fd = fd;
    this.#owned = owned;
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    this.#writing = true;
    // Without a position the bytes go to the end of what all processes that share the descriptor have written.
    writeFile(this.#fd, bytes, offset, bytes.length - offset, null, (error, writtenBytes) => {
      this.#writing = false;
      if (this.#closed) this.#closeDescriptor();
      if (error === null) done(undefined, offset + writtenBytes);
      else done(error, offset);
    });
  }

  writeNow(bytes: Buffer): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch {
      return 0;
    }
  }

  reopen(): void {
    // A descriptor has no file name that could be opened again.
  }

  close(): void {
    this.#closed = true;
    if (!this.#writing) this.#closeDescriptor();
  }

  #closeDescriptor(): void {
    if (!this.#owned) return;
    try {
      closeSync(this.#fd);
    } catch {
      // The descriptor is no longer used, whether or not it could be closed.
    }
  }
}

/** The output for sockets, and for pipes that can't be opened a second time. While the reader stalls, one write stays pending. */
class StreamOutput implements LogOutput {
  readonly #fd: number;
  readonly #socket: Socket;

  constructor(fd: number) {
    this.#fd = fd;
    this.#socket = new Socket({ fd, readable: false, writable: true });
    // Failed writes report to their own callbacks. Without this listener an 'error' event would end the process.
    this.#socket.on('error', () => undefined);
    this.#socket.unref();
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    this.#socket.write(offset === 0 ? bytes : bytes.subarray(offset), (error) => {
      if (error === null || error === undefined) done(undefined, bytes.length);
      else done(error, offset);
    });
  }

  writeNow(bytes: Buffer): number {
    if (this.#socket.writableLength > 0) return 0;
    try {
      return writeSync(this.#fd, bytes);
    } catch {
      return 0;
    }
  }

  reopen(): void {
    // A socket has no file name that could be opened again.
  }

  close(): void {
    // The descriptor belongs to the process. It is closed only when a pending write would keep the process alive.
    if (this.#socket.writableLength > 0) this.#socket.destroy();
  }
}
