import type { DerValue } from '../../certificates/der.ts';

/** The text of an OBJECT IDENTIFIER, as in `1.2.840.113549.1.1.5`. */
export function objectIdText(content: Buffer): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length > 0) parts.push(value);
    else {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    }
    value = 0;
  }
  return parts.join('.');
}

/** A UTCTime or GeneralizedTime, in ms since 1970 (RFC 5280, section 4.1.2.5). */
export function derTimeMs({ id, content }: DerValue): number {
  const digits = content.toString('latin1');
  const isShort = id === 0x17;
  const match = (
    isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/
  ).exec(digits);
  if (match === null) throw new Error('a time is wrong');
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const century = year >= 50 ? 1900 : 2000;
  return Date.UTC(isShort ? century + year : year, month - 1, day, hour, minute, second);
}
