/** A host name of a backend that is looked up. */
export interface HostNameReading {
  readonly name: string;
  /** The addresses in use. */
  readonly addresses: readonly string[];
  /** `local`: from the hosts file, without a name server; `dns`: from a name server; undefined before the first answer. */
  readonly source: string | undefined;
  /** When the last answer came; undefined before the first one, and for `local`, which does not get old. */
  readonly answeredAtMs: number | undefined;
  /** How long the last answer of a name server counts. */
  readonly ttlMs: number | undefined;
  /** Why the last look-up brought nothing; undefined when it brought an answer. */
  readonly failure: string | undefined;
  readonly failingSinceMs: number | undefined;
  /** Look-ups by their result. */
  readonly counts: LookUpCounts;
}

/** Look-ups of a host name by their result. */
export interface LookUpCounts {
  /** They brought addresses. */
  readonly found: number;
  /** The name servers said that the name does not exist or has no address. */
  readonly absent: number;
  /** No name server gave an answer that counts. */
  readonly failed: number;
}
