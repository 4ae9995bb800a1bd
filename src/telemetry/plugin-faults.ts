/** After a log line about a fault, no line about the same kind of fault is written for this time. */
const QUIET_MS = 10_000;
/** Number of kinds of faults of a plugin that are told apart. All further kinds together have one line in {@link QUIET_MS}. */
const MAX_KINDS = 200;
/** The texts that tell kinds apart are kept in memory, and a plugin may throw a message of any length. */
const MAX_KIND_LENGTH = 500;

interface Kind {
  quietUntilMs: number;
  leftOut: number;
}

/** Counts the exceptions of plugins, and limits their lines in the log to a rate that no client can drive up. */
export class PluginFaults {
  readonly #counts = new Map<string, number>();
  /** Kinds of faults by plugin, so that no plugin can use up the lines of another one. */
  readonly #kinds = new Map<string, Map<string, Kind>>();

  /** Number of failures of each plugin since the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /**
   * Counts a fault. Returns undefined when it must not be logged, because a fault of that kind was logged a moment ago; otherwise the number
   * of such faults that were not logged since the last line.
   */
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
