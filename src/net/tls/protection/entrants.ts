import { addressKey } from './address-key.ts';

/** So many of the oldest ones are compared in search of the one that must leave. */
const MOST_COMPARED = 16;

/** A connection on its way through a gate. */
export interface Entrant {
  /** The client's IP address. */
  readonly clientAddress: string;
  /** There is no room for it any more: ends the connection. The gate has forgotten it already. */
  evicted(): void;
}

/** The place of one connection in the order in which they came. */
interface Place {
  readonly entrant: Entrant;
  /** Its address, as `addressKey` has it. */
  readonly key: string;
  before: Place | undefined;
  after: Place | undefined;
}

/**
 * Connections in the order in which they came, with the number of those from each client address. They are linked to each other, because
 * a `Map` gets slow when its first entries are removed again and again.
 */
export class Entrants {
  readonly #places = new Map<Entrant, Place>();
  readonly #counts = new Map<string, number>();
  #oldest: Place | undefined;
  #newest: Place | undefined;

  get size(): number {
    return this.#places.size;
  }

  add(entrant: Entrant): void {
    const key = addressKey(entrant.clientAddress);
    const place: Place = { entrant, key, before: this.#newest, after: undefined };
    if (this.#newest === undefined) this.#oldest = place;
    else this.#newest.after = place;
    this.#newest = place;
    this.#places.set(entrant, place);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Returns false when it is not among them. */
  delete(entrant: Entrant): boolean {
    const place = this.#places.get(entrant);
    if (place === undefined) return false;
    this.#places.delete(entrant);
    const { key, before, after } = place;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
    return true;
  }

  /**
   * Who leaves first when there are too many: of the oldest ones, the one whose address has most. So a flood from few addresses ends its own
   * connections, and in a flood from many addresses each connection has as much time as the others.
   */
  get dispensable(): Entrant | undefined {
    let found: Entrant | undefined;
    let most = 0;
    let place = this.#oldest;
    for (let compared = 0; place !== undefined && compared < MOST_COMPARED; compared += 1) {
      const count = this.#counts.get(place.key) ?? 0;
      if (count > most) {
        most = count;
        found = place.entrant;
      }
      place = place.after;
    }
    return found;
  }
}
