import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

const LIMITS = '/proc/self/limits';
const DESCRIPTORS = '/proc/self/fd';
const SIZE_BYTES = 4096;

/**
 * How many descriptors (files and sockets) this process may have open. Node.js raises the limit to the hard limit when it starts; an
 * operator may change it at any time (prlimit). Known on Linux only.
 */
export class OpenFilesLimit {
  /** The file with the limits. It stays open, because opening it would fail just when it is needed. Each read gives the current limits. */
  #descriptor: number | undefined;
  #value = Number.POSITIVE_INFINITY;

  constructor() {
    try {
      this.#descriptor = openSync(LIMITS, 'r');
      this.read();
    } catch {
      // Not Linux, or no /proc: the limit is not known.
    }
  }

  /** The limit when it was read last; infinite when it is not known. */
  get value(): number {
    return this.#value;
  }

  /** Reads the limit again; takes some microseconds. */
  read(): number {
    if (this.#descriptor === undefined) return this.#value;
    try {
      const bytes = Buffer.alloc(SIZE_BYTES);
      const length = readSync(this.#descriptor, bytes, 0, SIZE_BYTES, 0);
      this.#value = softLimitIn(bytes.toString('latin1', 0, length)) ?? this.#value;
    } catch {
      // The limit that was read last stays.
    }
    return this.#value;
  }

  /** How many descriptors are open; undefined when the system does not say. Takes some microseconds for each descriptor. */
  countOpen(): number | undefined {
    try {
      // One of them is the descriptor by which the folder is listed.
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
