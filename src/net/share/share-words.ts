/** Words of one worker: a cache line of its own, twice that of most machines, which fetch two at a time. */
const WORDS_A_WORKER = 32;
const OPEN = 0;
const ACCEPTED = 1;
const STATE = 2;
const HUNG = 3;

/** The worker has no descriptor of the socket. */
const ABSENT = 0;
const ACCEPTS = 1;
const RESTS = 2;
/** It rests, and was told to go on. */
const WOKEN = 3;

/**
 * What each worker tells the others about one listening socket, in shared memory: how many connections it has, how many it ever
 * accepted, whether it rests. Each worker writes its own words, and reads those of others as they are at that moment: what is a
 * little old does no harm.
 */
export class ShareWords {
  readonly #words: Int32Array;
  readonly #own: number;
  readonly me: number;

  /** @param me the worker that uses these words, from 0 */
  constructor(buffer: SharedArrayBuffer, me: number) {
    this.#words = new Int32Array(buffer);
    this.me = me;
    this.#own = me * WORDS_A_WORKER;
  }

  /** The memory for one socket. */
  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * WORDS_A_WORKER * Int32Array.BYTES_PER_ELEMENT);
  }

  get workers(): number {
    return this.#words.length / WORDS_A_WORKER;
  }

  /** Connections that are open. */
  openOf(worker: number): number {
    return this.#words[worker * WORDS_A_WORKER + OPEN] ?? 0;
  }

  /** Changes whenever the worker accepts a connection. */
  acceptedOf(worker: number): number {
    return this.#words[worker * WORDS_A_WORKER + ACCEPTED] ?? 0;
  }

  /** Whether the worker can take connections, now or after a rest. */
  serves(worker: number): boolean {
    const at = worker * WORDS_A_WORKER;
    return this.#words[at + STATE] !== ABSENT && this.#words[at + HUNG] === 0;
  }

  /** Whether the worker rests, and nobody has told it to go on. */
  rests(worker: number): boolean {
    return this.#words[worker * WORDS_A_WORKER + STATE] === RESTS;
  }

  /** This worker has accepted a connection. Returns how many it has now. */
  accepted(): number {
    const words = this.#words;
    const at = this.#own;
    words[at + ACCEPTED] = ((words[at + ACCEPTED] ?? 0) + 1) | 0;
    return (words[at + OPEN] = (words[at + OPEN] ?? 0) + 1);
  }

  /** A connection of this worker has ended. */
  ended(): void {
    const words = this.#words;
    words[this.#own + OPEN] = (words[this.#own + OPEN] ?? 0) - 1;
  }

  /** This worker accepts from now on. */
  accepts(): void {
    this.#words[this.#own + STATE] = ACCEPTS;
  }

  /** This worker accepts nothing until it is told to, or finds that it should. */
  rest(): void {
    this.#words[this.#own + STATE] = RESTS;
  }

  /** This worker has no descriptor of the socket any more. Its open connections still count. */
  leave(): void {
    this.#words[this.#own + STATE] = ABSENT;
  }

  /** That one was told to go on: nobody needs to tell it again. */
  noteWoken(worker: number): void {
    Atomics.compareExchange(this.#words, worker * WORDS_A_WORKER + STATE, RESTS, WOKEN);
  }

  /** For the main thread: a worker's event loop does not turn, or turns again. */
  setHung(worker: number, isHung: boolean): void {
    this.#words[worker * WORDS_A_WORKER + HUNG] = isHung ? 1 : 0;
  }

  /** For the main thread: that worker is gone, and its connections with it. */
  forget(worker: number): void {
    const at = worker * WORDS_A_WORKER;
    this.#words.fill(0, at, at + WORDS_A_WORKER);
  }
}
