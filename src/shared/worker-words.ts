/** What a worker writes down from time to time, so that others can read it even while its event loop is blocked. */
export interface WorkerBeat {
  /** When it was written, by the `SharedClock`. */
  readonly atMs: number;
  /** The generation that the worker serves; 0 before the first one. */
  readonly generation: number;
  /** Open connections of clients. */
  readonly connections: number;
  readonly heapUsedKiB: number;
}

/** Room between the words of two workers, so that they share no cache line. */
const ROW_WORDS = 32;

/** Words about the workers themselves: their beats, and the ids of connections. */
export class WorkerWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #ids: BigInt64Array;

  /** @param memory how many workers there may be; in other threads, the buffer of the first one */
  constructor(memory: number | SharedArrayBuffer) {
    const bytes = (workers: number): number => (1 + workers) * ROW_WORDS * Int32Array.BYTES_PER_ELEMENT;
    this.buffer = typeof memory === 'number' ? new SharedArrayBuffer(bytes(memory)) : memory;
    this.#words = new Int32Array(this.buffer);
    this.#ids = new BigInt64Array(this.buffer, 0, 1);
  }

  /** Numbers the connections of all workers: no two get the same number, and each a higher one than those before it. */
  nextConnectionId(): number {
    return Number(Atomics.add(this.#ids, 0, 1n)) + 1;
  }

  /** @param worker its index, from 0 */
  beat(worker: number, { atMs, generation, connections, heapUsedKiB }: WorkerBeat): void {
    this.#words.set([atMs, generation, connections, heapUsedKiB], (1 + worker) * ROW_WORDS);
  }

  read(worker: number): WorkerBeat {
    const at = (1 + worker) * ROW_WORDS;
    const [atMs = 0, generation = 0, connections = 0, heapUsedKiB = 0] = this.#words.subarray(at, at + 4);
    return { atMs, generation, connections, heapUsedKiB };
  }
}
