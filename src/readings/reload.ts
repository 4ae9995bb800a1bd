/** A problem of the config and its location. */
export interface ProblemReading {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The config key, such as `listeners[0].address`. */
  readonly path: string;
  readonly message: string;
}

/** The outcome of a reload, or of the start. */
export interface ReloadReading {
  readonly ok: boolean;
  /** Number of the generation that is live afterwards; 0 when there is none. */
  readonly generation: number;
  /** Hash of the config that is live afterwards; '' when there is none. */
  readonly hash: string;
  /** What asked for the reload: `start`, `file`, `signal`, `admin` … */
  readonly source: string;
  /** When it began. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Time from the first worker that served the new config to the last one; undefined where one thread serves all, and when the reload failed. */
  readonly skewMs: number | undefined;
  /** Numbers of the workers that did not serve the new config yet when the reload ended. They will as soon as their event loop turns. */
  readonly lateWorkers: readonly number[];
  /** What changed, or why nothing did. */
  readonly message: string;
  /** The changes one by one, with secrets masked; empty when the reload failed. */
  readonly changes: readonly object[];
  /** The errors of the config; empty when the reload worked, or failed for another reason. */
  readonly problems: readonly ProblemReading[];
  /** Suspicious parts of the config that are allowed. */
  readonly warnings: readonly ProblemReading[];
}

/** Reloads since the start. The start itself is not counted. */
export interface ReloadTotals {
  readonly counts: readonly {
    readonly source: string;
    readonly succeeded: number;
    readonly failed: number;
  }[];
  /** True also before the first reload. */
  readonly lastSucceeded: boolean;
  /** When a config last went live, the first one included; undefined before that. */
  readonly lastSuccessAtMs: number | undefined;
  /** Duration of the last reload, or of the start before the first reload. */
  readonly lastDurationMs: number | undefined;
  /** As {@link ReloadReading.skewMs}, of the last reload that worked. */
  readonly lastSkewMs: number | undefined;
}

/** A config that was live once. */
export interface HistoryReading {
  readonly id: number;
  /** When it went live. */
  readonly atMs: number;
  readonly hash: string;
  /** What asked for the reload: `start`, `file`, `signal`, `admin` … */
  readonly source: string;
  /** Number of its generation in the process that it was live in. */
  readonly generation: number;
  readonly summary: string;
  /** `live`, `replaced` or `rolled back`. */
  readonly outcome: string;
}

/** A file that the live config was read from. */
export interface ConfigFileReading {
  readonly file: string;
  /** `main`, `include` or `reference`. */
  readonly role: string;
  /** sha256 of its content. */
  readonly hash: string | undefined;
}
