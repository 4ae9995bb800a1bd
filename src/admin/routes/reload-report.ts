/** A place in a config file and what is wrong with it. */
export interface ReportedProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** What became of a reload. */
export interface ReloadReport {
  readonly ok: boolean;
  readonly generation: number;
  readonly hash: string;
  readonly source: string;
  readonly atMs: number;
  readonly durationMs: number;
  readonly message: string;
  /** Secrets are masked in them. */
  readonly changes: readonly object[];
  readonly problems: readonly ReportedProblem[];
  readonly warnings: readonly ReportedProblem[];
}

/** The outcome of a reload with all its details, for the endpoints that reload or list reloads. */
export function reloadJson(report: ReloadReport): object {
  const { changes, problems, warnings } = report;
  return {
    ...reloadSummaryJson(report),
    changes,
    problems: problems.map(problemJson),
    warnings: warnings.map(problemJson),
  };
}

/** {@link reloadJson} with numbers in place of lists, for endpoints that are asked often: there may be thousands of changes. */
export function reloadSummaryJson(report: ReloadReport): object {
  const { ok, generation, hash, source, message, changes, problems, warnings } = report;
  return {
    ok,
    message,
    source,
    at: new Date(report.atMs).toISOString(),
    duration_ms: report.durationMs,
    generation,
    hash,
    change_count: changes.length,
    problem_count: problems.length,
    warning_count: warnings.length,
  };
}

function problemJson({ file, line, column, path, message }: ReportedProblem): object {
  return { file, line, column, path, message };
}
