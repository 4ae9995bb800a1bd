import { textOfBytes } from '../../src/plugin-api/text-of-bytes.ts';
import { isSecret } from './excerpt.ts';

/** What stands in the place of a secret. */
const HIDDEN = '***';
/** Beyond that only the beginning is shown: a line has a limit of its own, and decoding costs. */
const MOST_SHOWN = 4096;
/** A longer word of a query that has no `=` is taken for a token. */
const LONGEST_SWITCH = 32;
/** Parameters that carry secrets under names which say nothing of it in other places, such as fields. */
const SECRET_PARAMETER = /^(?:sig|code|sid|pwd|pw)$/i;

/**
 * The query of a target as logs may show it, without its `?`; '' where there is none. The values of parameters whose names sound
 * like secrets are hidden, by the rule for fields (`isSecret`), and so are values that hold a URL with credentials or a query
 * of its own.
 *
 * @param target as it goes to the backend (latin1)
 */
export function shownQuery(target: string): string {
  const start = target.indexOf('?');
  if (start < 0) return '';
  const query = target.slice(start + 1, start + 1 + MOST_SHOWN);
  return textOfBytes(query.replace(/[^&;]+/g, shownParameter));
}

function shownParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return mayBeSecret(parameter) ? HIDDEN : parameter;
  const name = decoded(parameter.slice(0, equals));
  const value = parameter.slice(equals + 1);
  if (value === '') return parameter;
  const isHidden = isSecret(name) || SECRET_PARAMETER.test(name) || mayHoldSecret(decoded(value));
  return isHidden ? `${parameter.slice(0, equals)}=${HIDDEN}` : parameter;
}

/** Whether a parameter without a name may be a token as a whole, and not a switch such as `?debug`. */
function mayBeSecret(parameter: string): boolean {
  const text = decoded(parameter);
  return text.length > LONGEST_SWITCH || isSecret(text) || mayHoldSecret(text);
}

/** Whether a value is a URL that brings secrets of its own: credentials, or a query. */
function mayHoldSecret(value: string): boolean {
  return value.includes('//') && /[?@]/.test(value);
}

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Bytes that are no UTF-8. Letters are what names are told by.
    return text.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
