/** For how long a line about a fault keeps those like it back. */
const QUIET_MS = 10_000;
/** A plugin that fails in ever new ways has one line in {@link QUIET_MS} for all that come after so many. */
const MAX_KINDS = 200;
/** What tells kinds apart is kept, and a plugin may throw a message of any length. */
const MAX_KIND_LENGTH = 500;

interface Kind {
  quietUntilMs: number;
  leftOut: number;
}

/** Counts what plugins throw, and holds their lines in the log to a rate that no client can drive up. */
export class FaultTally {
  readonly #counts = new Map<string, number>();
  /** By plugin, so that none can take the lines of another one. */
  readonly #kinds = new Map<string, Map<string, Kind>>();

  /** How often each plugin failed, since the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Returns how many faults of that kind were left out of the log since its last line; undefined when this one is left out too. */
  count(plugin: string, kind: string): number | undefined {
    this.#counts.set(plugin, (this.#counts.get(plugin) ?? 0) + 1);
    const known = this.#kindOf(plugin, kind.slice(0, MAX_KIND_LENGTH));
    const nowMs = performance.now();
    if (nowMs < known.quietUntilMs) {
      known.leftOut += 1;
      return undefined;
    }
    const { leftOut } = known;
    known.quietUntilMs = nowMs + QUIET_MS;
    known.leftOut = 0;
    return leftOut;
  }

  #kindOf(plugin: string, name: string): Kind {
    const kinds = this.#kinds.get(plugin) ?? new Map<string, Kind>();
    this.#kinds.set(plugin, kinds);
    const key = kinds.has(name) || kinds.size < MAX_KINDS ? name : '';
    let kind = kinds.get(key);
    if (kind === undefined) {
      kind = { quietUntilMs: Number.NEGATIVE_INFINITY, leftOut: 0 };
      kinds.set(key, kind);
    }
    return kind;
  }
}
