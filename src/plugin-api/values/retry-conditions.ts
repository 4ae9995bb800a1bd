import type { RetrySettings } from '../upstream.ts';
import { parseStatusRanges } from './status-ranges.ts';

/** Reads the conditions of a list `on`, as the schema has checked it: `connect-failure`, `reset`, `timeout`, `503`, `500-599`. */
export function retryConditions(
  on: readonly string[],
): Pick<RetrySettings, 'onConnectFailure' | 'onReset' | 'onTimeout' | 'onStatuses'> {
  return {
    onConnectFailure: on.includes('connect-failure'),
    onReset: on.includes('reset'),
    onTimeout: on.includes('timeout'),
    onStatuses: on.filter((condition) => /^\d/.test(condition)).flatMap(parseStatusRanges),
  };
}
