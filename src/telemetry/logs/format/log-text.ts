/** Values that a line of text shows without quotes: visible ASCII except `"`, `=` and `\`. */
const BARE = /^[!#-<>-[\]-~]+$/;
/** Values that need no escapes between quotes, in text and in JSON: printable ASCII except `"` and `\`. */
const PLAIN = /^[ !#-[\]-~]*$/;
/**
 * Characters that could end a line, move a terminal's cursor or reverse the reading direction: the control characters C0, DEL and C1,
 * Unicode's line separators, bidirectional controls, the byte order mark, and unpaired surrogates.
 */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NEEDS_BACKSLASH = /["\\]/g;

/** Longer values are cut, so that one header field of a client can't fill the log. */
const MAX_VALUE_LENGTH = 4096;

/** The text after the decimal point for each number of thousandths. Formatting such numbers would otherwise be most of the work of a line. */
const FRACTIONS = Array.from({ length: 1000 }, (_, thousandths) =>
  thousandths === 0 ? '' : `.${String(thousandths).padStart(3, '0').replace(/0+$/, '')}`,
);
const MAX_MS = 1e12;

/** A value in a line of text: a plain word as it is, everything else quoted and escaped, and `-` for an empty value. */
export function textValue(value: string): string {
  if (value.length > MAX_VALUE_LENGTH) return textValue(cut(value));
  if (BARE.test(value)) return value;
  if (value === '') return '-';
  if (PLAIN.test(value)) return `"${value}"`;
  return `"${value.replace(NEEDS_BACKSLASH, '\\$&').replace(HARMFUL, escapeUnit)}"`;
}

/** The message in a line of text: not quoted, but with characters escaped that could end the line. */
export function textMessage(message: string): string {
  return PLAIN.test(message) ? message : message.replace(HARMFUL, escapeUnit);
}

/** A value as a JSON string. Characters that JSON allows but that could control a terminal are escaped as well. */
export function jsonText(value: string): string {
  if (value.length > MAX_VALUE_LENGTH) return jsonText(cut(value));
  if (PLAIN.test(value)) return `"${value}"`;
  return jsonDocument(value);
}

/** Any value as JSON on one line, with the escapes of {@link jsonText}. A value that JSON can't express becomes `"[unserializable]"`. */
export function jsonDocument(value: unknown): string {
  // The declared type is wrong for functions and undefined, for which the result is undefined.
  let json: unknown;
  try {
    json = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  } catch {
    return '"[unserializable]"';
  }
  return typeof json === 'string' ? json.replace(HARMFUL, escapeUnit) : 'null';
}

/** Milliseconds as a JSON number, rounded to microseconds to keep lines short. */
export function millisText(durationMs: number): string {
  if (!(durationMs >= 0 && durationMs < MAX_MS)) return '0';
  const micros = Math.round(durationMs * 1000);
  const whole = Math.floor(micros / 1000);
  return String(whole) + (FRACTIONS[micros - whole * 1000] ?? '');
}

function cut(value: string): string {
  return `${value.slice(0, MAX_VALUE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Escapes a character as JSON does: `\n`, `\u001b`. */
function escapeUnit(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
