import { textOfBytes } from '../../../src/plugin-api/values/text-of-bytes.ts';
import { HIDDEN, isSecret } from '../message/refusal/excerpt.ts';

/** The most characters of a query that are shown. A log line has a limit of its own, and decoding takes time. */
const MOST_SHOWN = 4096;
/** A longer parameter without `=` counts as a token. */
const LONGEST_SWITCH = 32;
/** Names of parameters that carry secrets, while fields with the same names do not. */
const SECRET_PARAMETER = /^(?:code|sid|pw|pass|ticket|cvv|cvc)$|(?:^|[._-])sig$/i;
/** Values that are secrets by their form: a JSON web token, and credentials as `Authorization` has them. */
const SECRET_VALUE = /\beyJ[\w-]+\.eyJ|\b(?:bearer|basic)\s+\S/i;
/** How often a value is decoded: a URL may be in a parameter of a URL that is in a parameter. */
const MOST_DECODINGS = 3;
/** The name of a parameter at the end of a text. */
const LAST_NAME = /[\w.-]+(?=[\]"'\s]*$)/;
const LONGEST_NAME = 64;

/**
 * The query of a target as logs may show it, without its `?`; '' when there is none. Hidden are the values of parameters whose names
 * sound like secrets, by the rule for fields (`isSecret`), and values that contain such a parameter, a URL with credentials or with a
 * query of its own, or a token that is known by its form.
 *
 * @param target as it goes to the backend (latin1)
 */
export function shownQuery(target: string): string {
  const start = target.indexOf('?');
  if (start < 0) return '';
  let shown = '';
  // Each parameter is examined as a whole before the text is cut.
  for (const [part] of target.slice(start + 1).matchAll(/[^&;]+|[&;]+/g)) {
    shown += part.startsWith('&') || part.startsWith(';') ? part : shownParameter(part);
    if (shown.length >= MOST_SHOWN) break;
  }
  return textOfBytes(shown.slice(0, MOST_SHOWN));
}

function shownParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return mayBeSecret(parameter) ? HIDDEN : parameter;
  const value = parameter.slice(equals + 1);
  if (value === '') return parameter;
  const isHidden = isSecretParameter(decoded(parameter.slice(0, equals))) || mayHoldSecret(value);
  return isHidden ? `${parameter.slice(0, equals)}=${HIDDEN}` : parameter;
}

/** Whether a parameter without a name may be a token as a whole, and not a switch such as `?debug`. */
function mayBeSecret(parameter: string): boolean {
  const text = decoded(parameter);
  return text.length > LONGEST_SWITCH || isSecret(text) || mayHoldSecret(parameter);
}

function isSecretParameter(name: string): boolean {
  return isSecret(name) || SECRET_PARAMETER.test(name);
}

/** Whether a value, encoded once or several times, contains a secret. */
function mayHoldSecret(value: string): boolean {
  let text = value;
  for (let decodings = 0; decodings < MOST_DECODINGS; decodings++) {
    const next = decoded(text);
    if (next === text) break;
    text = next;
  }
  return holdsUrl(text) || SECRET_VALUE.test(text) || holdsParameter(text);
}

/** Whether a text has a URL with credentials or with a query. */
function holdsUrl(text: string): boolean {
  return /\/\/|\\\\/.test(text) && /[?@]/.test(text);
}

/** Whether a text has a secret parameter, as `/path?token=…`, `a=1&token=…` and `{"token":"…"}` have. */
function holdsParameter(text: string): boolean {
  return text
    .split(/[=:]/)
    .slice(0, -1)
    .some((before) => isSecretParameter(LAST_NAME.exec(before.slice(-LONGEST_NAME))?.[0] ?? ''));
}

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // The bytes are not UTF-8. It is enough to decode ASCII, because the names of secrets are ASCII.
    return text.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
