import { isIP } from 'node:net';

/** Labels of letters, digits, `-` and `_`; a dot at the end is allowed. */
const HOST_NAME = /^[\w-]+(?:\.[\w-]+)*\.?$/;
/** The longest name that DNS knows, without the dot at its end. */
const LONGEST_NAME = 253;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * The host name in lower case, without the dot at its end. An IP address counts as no name, `''`: clients must not send one (RFC 6066,
 * section 3), and those that do it all the same mean no host of ours. Undefined when it is no host name.
 */
export function readServerName(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.latin1Slice(start, end);
  if (!HOST_NAME.test(text)) return text.includes(':') && isIP(text) !== 0 ? '' : undefined;
  const last = text.charCodeAt(text.length - 1);
  if (last >= DIGIT_0 && last <= DIGIT_9 && isIP(text) !== 0) return '';
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length <= LONGEST_NAME ? name.toLowerCase() : undefined;
}
