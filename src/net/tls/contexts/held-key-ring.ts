import type { TicketKey } from '../../node/tls-internals.ts';
import { keysOf, type AgedKey, type KeyRingState } from './key-ring-state.ts';
import type { TicketKeyRing } from './ticket-key-ring.ts';
import type { TicketSet } from './ticket-set.ts';

/** A ring whose keys come from another thread, which makes and changes them. So all threads open each other's tickets. */
export class HeldKeyRing implements TicketKeyRing {
  readonly fixed: Buffer;
  readonly refused: TicketSet | undefined;
  /** The key that makes new tickets comes first. */
  #keys: readonly AgedKey[];

  /**
   * @param state with at least one key
   * @param refused the tickets of clients that any of the threads has refused
   */
  constructor(state: KeyRingState, refused?: TicketSet) {
    this.refused = refused;
    this.fixed = Buffer.from(state.fixed, 'base64');
    this.#keys = keysOf(state, performance.now());
  }

  get ageMs(): number {
    return performance.now() - this.#first.madeAtMs;
  }

  current(): TicketKey {
    return this.#first;
  }

  named(name: Buffer): TicketKey | undefined {
    return this.#keys.find((key) => key.name.equals(name));
  }

  /** Makes and opens tickets with these keys from now on. */
  replaceKeys(state: KeyRingState): void {
    this.#keys = keysOf(state, performance.now());
  }

  get #first(): AgedKey {
    const [first] = this.#keys;
    if (first === undefined) throw new Error('a ring without keys');
    return first;
  }
}
