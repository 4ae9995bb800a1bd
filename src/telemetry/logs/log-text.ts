/** What may stand in a text line without quotes: visible ASCII except `"`, `=` and `\`. */
const BARE = /^[!#-<>-[\]-~]+$/;
/** What needs no escape inside quotes, in text and in JSON: printable ASCII except `"` and `\`. */
const PLAIN = /^[ !#-[\]-~]*$/;
/**
 * What could end a line, move a terminal's cursor or turn the reading direction around: C0, DEL, C1, the
 * Unicode line ends, bidirectional controls, the byte order mark, and surrogates without a partner.
 */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NEEDS_BACKSLASH = /["\\]/g;

/** Longer values are cut: one header of a client must not fill the log. */
const MAX_VALUE_LENGTH = 4096;

/** What stands behind the point for each number of thousandths; writing such numbers is most of the work of a line else. */
const FRACTIONS = Array.from({ length: 1000 }, (_, thousandths) =>
  thousandths === 0 ? '' : `.${String(thousandths).padStart(3, '0').replace(/0+$/, '')}`,
);
const MAX_MS = 1e12;

/** A value of a text line: as it is when it is one plain word, else quoted and escaped; `-` when there is none. */
export function textValue(value: string): string {
  if (value.length > MAX_VALUE_LENGTH) return textValue(cut(value));
  if (BARE.test(value)) return value;
  if (value === '') return '-';
  if (PLAIN.test(value)) return `"${value}"`;
  return `"${value.replace(NEEDS_BACKSLASH, '\\$&').replace(HARMFUL, escapeUnit)}"`;
}

/** The message of a text line: never quoted, but without anything that could end the line. */
export function textMessage(message: string): string {
  return PLAIN.test(message) ? message : message.replace(HARMFUL, escapeUnit);
}

/** A JSON string. What JSON would leave as it is, but a terminal might act on, is escaped as well. */
export function jsonText(value: string): string {
  if (value.length > MAX_VALUE_LENGTH) return jsonText(cut(value));
  if (PLAIN.test(value)) return `"${value}"`;
  return jsonDocument(value);
}

/** Anything as JSON on one line, with the escapes of {@link jsonText}. What can't be JSON becomes a text that says so. */
export function jsonDocument(value: unknown): string {
  // The library's type forgets that functions and undefined give undefined.
  let json: unknown;
  try {
    json = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  } catch {
    return '"[unserializable]"';
  }
  return typeof json === 'string' ? json.replace(HARMFUL, escapeUnit) : 'null';
}

/** Milliseconds as a JSON number. Microseconds are enough, and short numbers make short lines. */
export function millisText(durationMs: number): string {
  if (!(durationMs >= 0 && durationMs < MAX_MS)) return '0';
  const micros = Math.round(durationMs * 1000);
  const whole = Math.floor(micros / 1000);
  return String(whole) + (FRACTIONS[micros - whole * 1000] ?? '');
}

function cut(value: string): string {
  return `${value.slice(0, MAX_VALUE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** `\n`, `\u001b`: escapes that JSON reads back. */
function escapeUnit(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
