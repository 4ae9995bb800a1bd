import type { ProblemReading, ReloadReading } from '../../readings/reload.ts';

/** The outcome of a reload with all its details, for the endpoints that reload or list reloads. */
export function reloadJson(reading: ReloadReading): object {
  const { changes, problems, warnings } = reading;
  return {
    ...reloadSummaryJson(reading),
    changes,
    problems: problems.map(problemJson),
    warnings: warnings.map(problemJson),
  };
}

/** {@link reloadJson} with numbers in place of lists, for endpoints that are asked often: there may be thousands of changes. */
export function reloadSummaryJson(reading: ReloadReading): object {
  const { ok, generation, hash, source, message, changes, problems, warnings } = reading;
  return {
    ok,
    message,
    source,
    at: new Date(reading.atMs).toISOString(),
    duration_ms: reading.durationMs,
    skew_ms: reading.skewMs ?? null,
    late_workers: reading.lateWorkers,
    generation,
    hash,
    change_count: changes.length,
    problem_count: problems.length,
    warning_count: warnings.length,
  };
}

function problemJson({ file, line, column, path, message }: ProblemReading): object {
  return { file, line, column, path, message };
}
