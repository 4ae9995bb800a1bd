/** How host names are looked up: the `dns` section of the config. Times in ms. */
export interface ResolverSettings {
  /** IP addresses with or without a port. Undefined: those of `resolv.conf`. */
  readonly servers?: readonly string[] | undefined;
  /** How long one server may take. Undefined: what `resolv.conf` says, otherwise {@link DEFAULT_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** How often the list of servers is gone through. Undefined: what `resolv.conf` says, otherwise {@link DEFAULT_ATTEMPTS}. */
  readonly attempts?: number | undefined;
  /** An answer is used for at least so long, whatever TTL it has. */
  readonly minTtlMs: number;
  /** An answer is looked up anew after this time at the latest. */
  readonly maxTtlMs: number;
  /** For how long the addresses of a name stay in use after name servers began to say that it has none. */
  readonly holdMs: number;
}

/** So that a second server is asked within the usual time that connecting may take. */
export const DEFAULT_TIMEOUT_MS = 2_000;
export const DEFAULT_ATTEMPTS = 2;

export const DEFAULT_RESOLVER_SETTINGS: ResolverSettings = {
  minTtlMs: 5_000,
  maxTtlMs: 300_000,
  holdMs: 30_000,
};
