/** What became of an attempt to let a new version take over. */
export interface UpgradeReading {
  readonly ok: boolean;
  /** Which version serves now, or why the one that ran goes on. */
  readonly message: string;
  /** When it began. */
  readonly atMs: number;
  readonly durationMs: number;
  /** The process that serves since then; undefined when the upgrade failed. */
  readonly pid: number | undefined;
  /** The version of the proxy that serves since then; undefined when the upgrade failed. */
  readonly version: string | undefined;
}

/** A process that served before this one, and that finishes what runs in it. */
export interface PredecessorReading {
  readonly pid: number;
  readonly version: string;
  /** Since when it accepts nothing more. */
  readonly sinceMs: number;
}

/** The counts go on from one process to the next. */
export interface UpgradeTotals {
  readonly succeeded: number;
  readonly failed: number;
}

/** The upgrades of this proxy. */
export interface UpgradesReading extends UpgradeTotals {
  /** Whether a new version is being started. */
  readonly running: boolean;
  /** The last attempt, also the one by which this process came to serve; undefined before the first one. */
  readonly last: UpgradeReading | undefined;
  /** The processes that still drain, oldest first. */
  readonly draining: readonly PredecessorReading[];
}
