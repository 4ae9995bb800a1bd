import { parseStatusRanges, statusClassHint } from '../../plugin-api/values/status-ranges.ts';
import { suggestion } from '../problems/closest.ts';

const CONDITIONS: ReadonlySet<string> = new Set(['connect-failure', 'reset', 'timeout']);

/** Names that nginx, HAProxy and Envoy use, and what is written here for the same. */
const NAMES_OF_OTHERS: ReadonlyMap<string, string> = new Map([
  ['conn-failure', 'connect-failure'],
  ['empty-response', 'reset'],
  ['error', 'reset'],
  ['gateway-error', '502-504'],
  ['response-timeout', 'timeout'],
]);

/** The forms that {@link parseRetryCondition} takes, in words for error messages. */
export const RETRY_CONDITION_FORMS =
  'connect-failure, reset, timeout, or statuses from 100 to 599 as in 503 or 500-599';

/** Checks when a request is tried again. Statuses keep their text. Throws an Error that says what is allowed. */
export function parseRetryCondition(text: string): string {
  if (CONDITIONS.has(text)) return text;
  try {
    parseStatusRanges(text);
  } catch {
    throw new Error(`must be ${RETRY_CONDITION_FORMS}${hintFor(text)}`);
  }
  return text.replaceAll(/\s+/g, '');
}

function hintFor(text: string): string {
  const meant = NAMES_OF_OTHERS.get(text);
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  if (/^http_\d{3}$/.test(text)) return '; write a status as a number alone, as in 503';
  return statusClassHint(text) || suggestion(text, CONDITIONS);
}
