import type { ProtocolInstance } from '../../plugin-api/index.ts';
import { Entrance, type EntranceOwner, type EntranceRules } from './entrance.ts';

/** The entrance of a listener, and those that edits have replaced while connections were on their way through them. */
export class Entrances {
  readonly #owner: EntranceOwner;
  readonly #earlier = new Set<Entrance>();
  #present: Entrance;

  constructor(rules: EntranceRules, owner: EntranceOwner) {
    this.#owner = owner;
    this.#present = new Entrance(rules, owner);
  }

  /** The next connection comes in by it. */
  get present(): Entrance {
    return this.#present;
  }

  /**
   * From now on connections come in by these rules. Resolves when those that are on their way by the present rules have come through;
   * undefined when there are none.
   */
  replaceWith(rules: EntranceRules): Promise<void> | undefined {
    const replaced = this.#present;
    this.#present = new Entrance(rules, this.#owner);
    const over = replaced.drain();
    if (over === undefined) return undefined;
    this.#earlier.add(replaced);
    return over.then(() => void this.#earlier.delete(replaced));
  }

  /** The listener has closed. Resolves as {@link replaceWith}. */
  drain(): Promise<void> | undefined {
    return this.#present.drain();
  }

  /** Resets the connections that may be on their way to that instance. Returns how many there were. */
  resetWayTo(instance: ProtocolInstance, error: Error): number {
    let count = 0;
    for (const entrance of [this.#present, ...this.#earlier])
      if (entrance.passing === instance) count += entrance.reset(error);
    return count;
  }
}
