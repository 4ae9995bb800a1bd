import { closeSync, constants, fstatSync, openSync, write as writeFile, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where log bytes go. Writing never blocks the event loop and never throws; trouble comes as `error`. */
export interface LogOutput {
  /**
   * Writes `bytes` from `offset` on. They hold whole lines and stay unchanged until `done`, which is called exactly once
   * and never before `write` returned. Fewer bytes than given may have been written, none with an error.
   */
  write(bytes: Buffer, offset: number, done: WriteDone): void;
  /** Writes what goes at once, at the very end of the process. Returns the number of bytes written. */
  writeNow(bytes: Buffer): number;
  /** Opens the file of that name anew, if it is one that was named. */
  reopen(): void;
  /** Nothing is written any more. A write under way may still get its answer. */
  close(): void;
}

/** `end`: up to where the bytes are written. It is before the offset where a line that was begun had to begin anew. */
export type WriteDone = (error: Error | undefined, end: number) => void;

/**
 * Opens a file descriptor of this process for logging.
 *
 * Pipes and terminals are opened once more with O_NONBLOCK, because a write to a stalled one would block:
 * a direct write the event loop, a write in the thread pool a thread, which then blocks the exit. The second
 * opening keeps the flag away from the other processes that share the first one. Where that is not allowed
 * (sockets, another user's pipe) a libuv stream does it, which sets the flag on the shared one.
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

/** Regular files, devices, and whatever was opened without blocking. */
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
    // No position: the end of what others who share the descriptor wrote.
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
    // It has no name to open it by.
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
      // Nothing is left to be done with it.
    }
  }
}

/** Sockets, and pipes that can't be opened again. A stalled peer leaves the one write under way pending. */
class StreamOutput implements LogOutput {
  readonly #fd: number;
  readonly #socket: Socket;

  constructor(fd: number) {
    this.#fd = fd;
    this.#socket = new Socket({ fd, readable: false, writable: true });
    // Each failed write tells its own callback; without a listener the event would end the process.
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
    // It has no name to open it by.
  }

  close(): void {
    // The descriptor belongs to the process and is closed only to give up a write that would keep it alive.
    if (this.#socket.writableLength > 0) this.#socket.destroy();
  }
}
