import { textOfBytes } from '../../../src/plugin-api/values/text-of-bytes.ts';
import { HIDDEN, isSecret } from '../message/refusal/excerpt.ts';

/** Beyond that only the beginning is shown: a line has a limit of its own, and decoding costs. */
const MOST_SHOWN = 4096;
/** A longer word of a query that has no `=` is taken for a token. */
const LONGEST_SWITCH = 32;
/** Parameters that carry secrets under names which say nothing of it in other places, such as fields. */
const SECRET_PARAMETER = /^(?:code|sid|pw|pass|ticket|cvv|cvc)$|(?:^|[._-])sig$/i;
/** Values that show themselves what they are: a JSON web token, and what stands in `Authorization`. */
const SECRET_VALUE = /\beyJ[\w-]+\.eyJ|\b(?:bearer|basic)\s+\S/i;
/** A URL may be in a parameter of a URL that is in a parameter. */
const MOST_DECODINGS = 3;
/** Characters of a parameter's name, at the end of a text. */
const LAST_NAME = /[\w.-]+(?=[\]"'\s]*$)/;
const LONGEST_NAME = 64;

/**
 * The query of a target as logs may show it, without its `?`; '' where there is none. The values of parameters whose names sound
 * like secrets are hidden, by the rule for fields (`isSecret`), and so are values that hold such a parameter themselves, a URL with
 * credentials or a query of its own, or a token that is known by its form.
 *
 * @param target as it goes to the backend (latin1)
 */
export function shownQuery(target: string): string {
  const start = target.indexOf('?');
  if (start < 0) return '';
  let shown = '';
  // Each parameter is judged as a whole, and what is shown is cut afterwards.
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

/** Whether a value, in any number of encodings, brings secrets of its own. */
function mayHoldSecret(value: string): boolean {
  let text = value;
  for (let decodings = 0; decodings < MOST_DECODINGS; decodings++) {
    const next = decoded(text);
    if (next === text) break;
    text = next;
  }
  return holdsUrl(text) || SECRET_VALUE.test(text) || holdsParameter(text);
}

/** A URL with credentials, or a query. */
function holdsUrl(text: string): boolean {
  return /\/\/|\\\\/.test(text) && /[?@]/.test(text);
}

/** `/path?token=…`, `a=1&token=…`, `{"token":"…"}`. */
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
    // Bytes that are no UTF-8. Letters are what names are told by.
    return text.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
