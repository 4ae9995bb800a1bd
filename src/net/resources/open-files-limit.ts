import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

const LIMITS = '/proc/self/limits';
const DESCRIPTORS = '/proc/self/fd';
const SIZE_BYTES = 4096;

/**
 * The most descriptors (files and sockets) that this process may have open. The runtime raises it to the hard limit when it
 * starts; an operator may change it at any time (prlimit). Known on Linux only.
 */
export class OpenFilesLimit {
  /** Stays open: opening it would fail just when it is needed. The kernel writes it anew for each read. */
  #descriptor: number | undefined;
  #value = Number.POSITIVE_INFINITY;

  constructor() {
    try {
      this.#descriptor = openSync(LIMITS, 'r');
      this.read();
    } catch {
      // Another system, or one without /proc: then nothing is known.
    }
  }

  /** As it was read last; infinite where nothing is known. */
  get value(): number {
    return this.#value;
  }

  /** Reads it again; takes some microseconds. */
  read(): number {
    if (this.#descriptor === undefined) return this.#value;
    try {
      const bytes = Buffer.alloc(SIZE_BYTES);
      const length = readSync(this.#descriptor, bytes, 0, SIZE_BYTES, 0);
      this.#value = softLimitIn(bytes.toString('latin1', 0, length)) ?? this.#value;
    } catch {
      // It stays what it was.
    }
    return this.#value;
  }

  /** How many descriptors are open; undefined where that can't be found out. Takes some microseconds for each of them. */
  countOpen(): number | undefined {
    try {
      // Less the one that lists them.
      return readdirSync(DESCRIPTORS).length - 1;
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** The soft limit on open files in a text like that of /proc/PID/limits. */
export function softLimitIn(text: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
