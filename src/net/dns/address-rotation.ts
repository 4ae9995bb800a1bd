/** For how long an address that could not be connected to is tried after the others. */
const SHUN_MS = 30_000;

/** Which address comes first next time. */
export interface Turn {
  next: number;
}

/** The order in which the addresses of one host and port are tried: each comes first in its turn, and those that failed lately come last. */
export class AddressRotation {
  readonly #shunnedUntilMs = new Map<string, number>();

  readonly #turn: Turn = { next: 0 };

  /**
   * The addresses in the order in which to try them. At least one address gives at least one.
   * @param turn The turn of the caller. Default: one that all callers without a turn share.
   */
  order(addresses: readonly string[], turn: Turn = this.#turn): readonly string[] {
    if (addresses.length < 2) return addresses;
    const nowMs = performance.now();
    const isShunned = (address: string) => (this.#shunnedUntilMs.get(address) ?? 0) > nowMs;
    const good = addresses.filter((address) => !isShunned(address));
    const first = good.length === 0 ? 0 : turn.next++ % good.length;
    return [...good.slice(first), ...good.slice(0, first), ...addresses.filter(isShunned)];
  }

  failed(address: string): void {
    this.#shunnedUntilMs.set(address, performance.now() + SHUN_MS);
  }

  worked(address: string): void {
    this.#shunnedUntilMs.delete(address);
  }

  /** Forgets what it knows about all other addresses. */
  keep(addresses: readonly string[]): void {
    for (const address of this.#shunnedUntilMs.keys())
      if (!addresses.includes(address)) this.#shunnedUntilMs.delete(address);
  }
}
