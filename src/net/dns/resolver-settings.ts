/** How host names are looked up: the `dns` section of the config. Times in ms. */
export interface ResolverSettings {
  /** IP addresses with or without a port. Undefined: those of `resolv.conf`. */
  readonly servers?: readonly string[] | undefined;
  /** How long one server may take. Undefined: what `resolv.conf` says, otherwise {@link DEFAULT_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** How often the list of servers is gone through. Undefined: what `resolv.conf` says, otherwise {@link DEFAULT_ATTEMPTS}. */
  readonly attempts?: number | undefined;
  /** An answer is used for at least this time, even when its TTL is shorter. */
  readonly minTtlMs: number;
  /** A name is looked up again after this time at the latest, even when the TTL of its answer is longer. */
  readonly maxTtlMs: number;
  /** For how long the addresses of a name stay in use after name servers have begun to answer that it has none. */
  readonly holdMs: number;
}

/** Short enough that a second server is asked within the usual `connect` timeout. */
export const DEFAULT_TIMEOUT_MS = 2_000;
export const DEFAULT_ATTEMPTS = 2;

export const DEFAULT_RESOLVER_SETTINGS: ResolverSettings = {
  minTtlMs: 5_000,
  maxTtlMs: 300_000,
  holdMs: 30_000,
};
