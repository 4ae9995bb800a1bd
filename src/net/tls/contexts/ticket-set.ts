/** So many tickets are known at most. */
const MOST_KNOWN = 4096;

/** A set of tickets, by their initialization vectors: the 16 bytes as text in latin1. An old one may be forgotten. */
export interface TicketSet {
  /** True only if it has no ticket. */
  readonly isEmpty: boolean;
  has(ticket: string): boolean;
  add(ticket: string): void;
}

/** The tickets of one thread. */
export class OwnTicketSet implements TicketSet {
  readonly #known = new Set<string>();

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  has(ticket: string): boolean {
    return this.#known.has(ticket);
  }

  add(ticket: string): void {
    this.#known.add(ticket);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** A power of two. */
const PLACES = 16_384;
const WORDS_A_TICKET = 2;
const BYTES_A_WORD = 4;

/**
 * The tickets of all threads that have the same memory. Each ticket has one place, which its first bytes choose, and is known there by the
 * next 8 bytes; another ticket with that place takes it. The bytes are random.
 */
export class SharedTicketSet implements TicketSet {
  /** Not known without a look at all places. */
  readonly isEmpty = false;
  /** For {@link SharedTicketSet} in other threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** @param buffer Default: new memory, 128 KiB */
  constructor(buffer = new SharedArrayBuffer(PLACES * WORDS_A_TICKET * BYTES_A_WORD)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  has(ticket: string): boolean {
    const at = placeOf(ticket);
    return this.#words[at] === wordAt(ticket, 1) && this.#words[at + 1] === wordAt(ticket, 2);
  }

  add(ticket: string): void {
    const at = placeOf(ticket);
    Atomics.store(this.#words, at, wordAt(ticket, 1));
    Atomics.store(this.#words, at + 1, wordAt(ticket, 2));
  }
}

function placeOf(ticket: string): number {
  return (wordAt(ticket, 0) & (PLACES - 1)) * WORDS_A_TICKET;
}

function wordAt(text: string, index: number): number {
  let word = 0;
  for (let at = index * BYTES_A_WORD; at < (index + 1) * BYTES_A_WORD; at++)
    word = (word << 8) | text.charCodeAt(at);
  return word;
}
