import type { PlaceLimit } from './place-limit.ts';
import { SharedPlaces } from './shared-places.ts';
import { SharedTurn } from './shared-turn.ts';
import { FREE_WORD, SEED_WORD, SlotPages, USERS_WORD, type SlotRow } from './slot-pages.ts';
import { SEEDS, type SlotGrant } from './slot-table.ts';
import type { Wakes } from './wakes.ts';

export interface WorkerSlotsOptions {
  /** Index of this worker, from 0. */
  readonly worker: number;
  /** How many workers there may be. */
  readonly workers: number;
  readonly wakes: Wakes;
}

/** What the thread that supervises the workers gives to a generation. */
export interface GrantedWords {
  readonly grant: SlotGrant;
  /** All pages that there are. */
  readonly pages: readonly SharedArrayBuffer[];
  readonly tables: ReadonlyMap<string, SharedArrayBuffer>;
}

/** The slots as one worker sees them. */
export class WorkerSlots {
  readonly worker: number;
  readonly workers: number;
  readonly wakes: Wakes;
  readonly #pages: SlotPages;
  /** By generation: the live one, and those that are prepared. */
  readonly #grants = new Map<number, ReadonlyMap<string, number>>();
  readonly #tables = new Map<number, ReadonlyMap<string, SharedArrayBuffer>>();

  constructor({ worker, workers, wakes }: WorkerSlotsOptions) {
    this.worker = worker;
    this.workers = workers;
    this.wakes = wakes;
    this.#pages = new SlotPages(workers);
  }

  /**
   * A generation is prepared: from now on its keys can be opened.
   *
   * @param keys the keys that the grant was given for, in their order
   * @param granted its slots, all pages that there are, and its tables by key
   */
  follow(generation: number, keys: Iterable<string>, { grant, pages, tables }: GrantedWords): void {
    this.#pages.follow(pages);
    this.#tables.set(generation, tables);
    this.#grants.set(generation, new Map(Array.from(keys, (key, at) => [key, grant[at] ?? 0])));
  }

  /** That generation is live: what the ones before it had is no longer opened. */
  commit(generation: number): void {
    for (const other of [...this.#grants.keys()]) if (other < generation) this.abort(other);
  }

  abort(generation: number): void {
    this.#grants.delete(generation);
    this.#tables.delete(generation);
  }

  /** The memory of the table with that key; undefined when no generation that is live or prepared has it. */
  table(key: string): SharedArrayBuffer | undefined {
    for (const tables of this.#tables.values()) {
      const memory = tables.get(key);
      if (memory !== undefined) return memory;
    }
    return undefined;
  }

  /** The places that the first word of a key's slot counts; undefined when no generation that is live or prepared has the key. */
  places(key: string): PlaceLimit | undefined {
    const slot = this.#find(key);
    return slot === undefined ? undefined : new SharedPlaces(this.#pages.row(slot), this.worker, 0);
  }

  /** Whether a generation that is live or prepared has that key. */
  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /**
   * Opens the slot of that key.
   *
   * @throws RangeError when no generation that is live or prepared has it
   */
  open(key: string): OpenSlot {
    const slot = this.#find(key);
    if (slot === undefined) throw new RangeError(`there is no slot for ${key}`);
    return new OpenSlot(slot, this.#pages.row(slot), this.worker);
  }

  #find(key: string): number | undefined {
    for (const slots of this.#grants.values()) {
      const slot = slots.get(key);
      if (slot !== undefined) return slot;
    }
    return undefined;
  }
}

/** A slot that something in this worker uses, until it is closed. */
export class OpenSlot {
  readonly slot: number;
  readonly row: SlotRow;
  readonly #worker: number;
  readonly #own: Int32Array;
  readonly #places: SharedPlaces[] = [];

  constructor(slot: number, row: SlotRow, worker: number) {
    const own = row.own[worker];
    if (own === undefined) throw new RangeError(`there is no worker ${worker}`);
    this.slot = slot;
    this.row = row;
    this.#worker = worker;
    this.#own = own;
    Atomics.add(own, row.at + USERS_WORD, 1);
  }

  /** A number from 0 to below 1, drawn at random, which is the same in all workers. */
  get seed(): number {
    return Atomics.load(this.row.totals, this.row.at + SEED_WORD) / SEEDS;
  }

  /** The places that the first or the second word counts. They are closed with the slot. */
  places(word: 0 | 1 = 0): SharedPlaces {
    const places = new SharedPlaces(this.row, this.#worker, word);
    this.#places.push(places);
    return places;
  }

  /** A word that workers change by turns. @param word 0 or 1: one that counts no places. Default: the one that never does */
  turn(word?: 0 | 1): SharedTurn {
    return new SharedTurn(this.row, word);
  }

  /** The word that this worker alone changes and the others read. */
  get note(): number {
    return this.noteOf(this.#worker);
  }

  set note(value: number) {
    this.#own[this.row.at + FREE_WORD] = value;
  }

  noteOf(worker: number): number {
    const { own, at } = this.row;
    return own[worker]?.[at + FREE_WORD] ?? 0;
  }

  /** How many places of that word a worker holds. */
  heldBy(worker: number, word: 0 | 1 = 0): number {
    const { own, at } = this.row;
    return own[worker]?.[at + word] ?? 0;
  }

  close(): void {
    for (const places of this.#places.splice(0)) places.close();
    Atomics.sub(this.#own, this.row.at + USERS_WORD, 1);
  }
}
