import { parseStatusRanges } from '../../plugin-api/values/status-ranges.ts';

const CONDITIONS: ReadonlySet<string> = new Set(['connect-failure', 'reset', 'timeout']);

/** The forms that {@link parseRetryCondition} takes, in words for error messages. */
export const RETRY_CONDITION_FORMS =
  'connect-failure, reset, timeout, or statuses from 100 to 599 as in 503 or 500-599';

/** Checks when a request is tried again. Statuses keep their text. Throws an Error that says what is allowed. */
export function parseRetryCondition(text: string): string {
  if (CONDITIONS.has(text)) return text;
  try {
    parseStatusRanges(text);
  } catch {
    throw new Error(`must be ${RETRY_CONDITION_FORMS}`);
  }
  return text.replaceAll(/\s+/g, '');
}
