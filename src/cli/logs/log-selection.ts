import { compileFilter } from '../../config/log-filter/compile-filter.ts';
import { LOG_LEVELS } from '../../telemetry/logs/format/log-line.ts';
import { readField, type LogEntry } from './log-entry.ts';
import type { LogsOptions } from './logs-options.ts';

/** Decides which lines are shown. */
export interface LogSelection {
  wantsEntry(entry: LogEntry): boolean;
  /** A line that is no JSON has no fields. It is shown when it contains the id, and whatever the level is. */
  wantsText(line: string): boolean;
}

export function selectLogs({ level, requestId, traceId, filter }: LogsOptions): LogSelection {
  const lowest = level === undefined ? 0 : LOG_LEVELS.indexOf(level);
  const holds =
    filter === undefined
      ? () => true
      : compileFilter<LogEntry>(filter, (field) => (entry) => readField(entry, field));
  return {
    wantsEntry: (entry) =>
      LOG_LEVELS.indexOf(entry.level) >= lowest &&
      (requestId === undefined || entry.fields['request_id'] === requestId) &&
      (traceId === undefined || entry.fields['trace_id'] === traceId) &&
      holds(entry),
    wantsText: (line) =>
      filter === undefined &&
      (requestId === undefined || line.includes(requestId)) &&
      (traceId === undefined || line.includes(traceId)),
  };
}
