/** Words before the first set: how many entries are used, how many clients were forgotten for others, and two random seeds. */
const HEAD_WORDS = 16;
const USED_WORD = 0;
const FORGOTTEN_WORD = 1;
const FIRST_SEED_WORD = 2;
const SECOND_SEED_WORD = 3;
/** A set fills one cache line: five entries of three words. */
const SET_WORDS = 16;
const WAYS = 5;
const ENTRY_WORDS = 3;
const SET_ENTRY_WORDS = WAYS * ENTRY_WORDS;
/** Of an entry: a hash of the client, or 0 for none; the hash of its backend, mixed with another hash of the client; when it came last. */
const LINK = 1;
const TIME = 2;
const SEEDS = 2 ** 31;

/** A client as a table knows it: two independent hashes. */
export interface HashedClient {
  readonly first: number;
  readonly second: number;
}

/** The memory of an empty table for about so many clients. */
export function sessionMemory(size: number, chance: () => number = Math.random): SharedArrayBuffer {
  const words = HEAD_WORDS + Math.max(1, Math.ceil(size / WAYS)) * SET_WORDS;
  const memory = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
  const head = new Int32Array(memory, 0, HEAD_WORDS);
  head[FIRST_SEED_WORD] = Math.floor(chance() * SEEDS);
  head[SECOND_SEED_WORD] = Math.floor(chance() * SEEDS);
  return memory;
}

/**
 * Remembers which backends clients belong to, for all workers together, without locks and without growing: the client that was away longest
 * makes room. A client has its place in one of two sets of entries, by its hashes: in the emptier one, so that hardly anybody is forgotten
 * while the table has room. What two workers write at the same moment may come out mixed: such
 * an entry names no backend, because its words do not fit each other, and counts as that of nobody.
 */
export class SessionTable {
  readonly #words: Int32Array;
  readonly #sets: number;
  readonly firstSeed: number;
  readonly secondSeed: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#sets = (this.#words.length - HEAD_WORDS) / SET_WORDS;
    this.firstSeed = this.#words[FIRST_SEED_WORD] ?? 0;
    this.secondSeed = this.#words[SECOND_SEED_WORD] ?? 0;
  }

  /** Clients that there is room for. */
  get size(): number {
    return this.#sets * WAYS;
  }

  /** Entries that are used, those of clients that count as forgotten included. */
  get used(): number {
    return Atomics.load(this.#words, USED_WORD);
  }

  /** Clients that were forgotten before their time, to make room for others. */
  get forgotten(): number {
    return Atomics.load(this.#words, FORGOTTEN_WORD);
  }

  /**
   * The hash of the backend that the client belongs to; undefined when that is not known.
   *
   * @param isKnown whether a hash is that of a backend
   * @param now in s, by a clock of all workers
   * @param ttl a client that was away for longer, in s, is forgotten
   * @param isUse whether the client is here now
   */
  find(
    client: HashedClient,
    isKnown: (hash: number) => boolean,
    now: number,
    ttl: number,
    isUse: boolean,
  ): number | undefined {
    const at = this.#entryOf(client, isKnown);
    if (at < 0) return undefined;
    const came = this.#cameAt(at);
    if (now - came > ttl) return undefined;
    if (isUse && came !== now) Atomics.store(this.#words, at + TIME, now);
    return this.#backendAt(at, client);
  }

  /** The client belongs to that backend from now on. The parameters are those of {@link find}. */
  keep(
    client: HashedClient,
    backend: number,
    isKnown: (hash: number) => boolean,
    now: number,
    ttl: number,
  ): void {
    const own = this.#entryOf(client, isKnown);
    const at = own < 0 ? this.#place(client, now, ttl) : own;
    Atomics.store(this.#words, at + LINK, backend ^ client.second);
    Atomics.store(this.#words, at + TIME, now);
    Atomics.store(this.#words, at, tagOf(client));
  }

  /** The newest entry of the client; -1 when there is none. */
  #entryOf(client: HashedClient, isKnown: (hash: number) => boolean): number {
    const tag = tagOf(client);
    let found = -1;
    for (const hash of [client.first, client.second]) {
      const begin = this.#setOf(hash);
      for (let at = begin; at < begin + SET_ENTRY_WORDS; at += ENTRY_WORDS) {
        if (Atomics.load(this.#words, at) !== tag || !isKnown(this.#backendAt(at, client))) continue;
        if (found < 0 || this.#cameAt(at) > this.#cameAt(found)) found = at;
      }
    }
    return found;
  }

  /** A free entry of the emptier set, or that of the client that was away longest. */
  #place(client: HashedClient, now: number, ttl: number): number {
    const [first, second] = [this.#setOf(client.first), this.#setOf(client.second)];
    const [firstUsed, secondUsed] = [this.#usedIn(first), this.#usedIn(second)];
    const used = Math.min(firstUsed, secondUsed);
    if (used < WAYS) {
      Atomics.add(this.#words, USED_WORD, 1);
      return (firstUsed <= secondUsed ? first : second) + used * ENTRY_WORDS;
    }
    let oldest = first;
    for (const begin of [first, second])
      for (let at = begin; at < begin + SET_ENTRY_WORDS; at += ENTRY_WORDS)
        if (this.#cameAt(at) < this.#cameAt(oldest)) oldest = at;
    if (now - this.#cameAt(oldest) <= ttl) Atomics.add(this.#words, FORGOTTEN_WORD, 1);
    return oldest;
  }

  /** Entries of a set that are used: they are the first ones, as none becomes free again. */
  #usedIn(begin: number): number {
    let used = 0;
    while (used < WAYS && Atomics.load(this.#words, begin + used * ENTRY_WORDS) !== 0) used += 1;
    return used;
  }

  #cameAt(at: number): number {
    return Atomics.load(this.#words, at + TIME);
  }

  #backendAt(at: number, { second }: HashedClient): number {
    return Atomics.load(this.#words, at + LINK) ^ second;
  }

  #setOf(hash: number): number {
    return HEAD_WORDS + ((hash >>> 0) % this.#sets) * SET_WORDS;
  }
}

function tagOf({ first }: HashedClient): number {
  return first | 0 || 1;
}
