/** After a failed connect, an address is tried after the others for so long. */
const SHUN_MS = 30_000;

/** Counts the connects of one caller, and so decides which address comes first next time. */
export interface Turn {
  next: number;
}

/** Decides in which order the addresses of one host and port are tried: each comes first in its turn; addresses that failed lately come last. */
export class AddressRotation {
  readonly #shunnedUntilMs = new Map<string, number>();

  readonly #turn: Turn = { next: 0 };

  /**
   * The addresses in the order in which to try them; empty only when `addresses` is empty.
   *
   * @param turn the turn of the caller. Default: one that all callers without a turn share
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
