/** What a path may hold as it is (RFC 3986 3.3), but for slashes, and for the sign of an encoding. */
const PLAIN_CHARACTER = /[A-Za-z0-9._~!$&'()*+,;=:@-]/;
/** What {@link routedPath} may have to change, or what may be read in several ways: `;`, as some servers cut paths there. */
const NOT_PLAIN = /[^A-Za-z0-9._~!$&'()*+,=:@/-]|\/[/.]/;

/**
 * Where the first character stands for which a path may have other spellings, or -1. Also the end of the path in a target, as
 * neither `?` nor `#` is a plain character.
 */
export function plainLength(target: string): number {
  return target.search(NOT_PLAIN);
}

const [PLAIN, SLASH, DOT, OTHER] = [0, 1, 2, 3];
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (character === '/') return SLASH;
  if (character === '.') return DOT;
  return NOT_PLAIN.test(character) ? OTHER : PLAIN;
});

/** {@link plainLength} for a target in `bytes[start, end)`, in half of the time. */
export function plainBytes(bytes: Uint8Array, start: number, end: number): number {
  let isAfterSlash = false;
  for (let at = start; at < end; at++) {
    const kind = KINDS[bytes[at] as number];
    if (kind === PLAIN) isAfterSlash = false;
    else if (kind === OTHER || isAfterSlash) return kind === OTHER ? at - start : at - start - 1;
    else isAfterSlash = kind === SLASH;
  }
  return -1;
}

/**
 * A path in the one spelling that routes compare, for all that most servers take for the same: each character is encoded or not,
 * always alike (RFC 3986 6.2.2.2, and the reserved ones that a path may hold); slashes are merged and dot segments
 * resolved (5.2.4). Encodings are read once: `%2561` is no `a`. An encoded slash or backslash stays encoded.
 *
 * @param path begins with a slash; each character is one byte. Others are returned as they are.
 */
export function routedPath(path: string): string {
  if (!path.startsWith('/') || plainLength(path) < 0) return path;
  return resolved(spelled(path));
}

/** The same for a path of the config, whose characters beyond ASCII stand for their UTF-8. */
export function routedConfigPath(path: string): string {
  return routedPath(Buffer.from(path, 'utf8').toString('latin1'));
}

/** True when `path` is `prefix` or lies below it. A prefix ends at a slash: `/api` does not cover `/apis`. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/';
}

/** How the bytes of a path are written. */
interface Spelling {
  /** 1 for bytes that stay where they stand as they are. */
  readonly kept: Uint8Array;
  /** How each byte is written that stands there encoded, or is not kept. */
  readonly written: readonly string[];
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
const PERCENT = 0x25;
const ENCODED = BYTES.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
/** The value of a hexadecimal digit by its code; -1 for all others. */
const DIGITS = Int8Array.from(BYTES, (byte) => {
  const character = String.fromCharCode(byte);
  return /[0-9A-Fa-f]/.test(character) ? Number.parseInt(character, 16) : -1;
});

/** Characters that match are written as they are, where they were encoded too. */
function spelling(isKept: (character: string) => boolean, isDecoded: RegExp): Spelling {
  const characters = BYTES.map((byte) => String.fromCharCode(byte));
  return {
    kept: Uint8Array.from(characters, (character) => Number(character !== '%' && isKept(character))),
    written: characters.map((character, byte) =>
      isDecoded.test(character) ? character : (ENCODED[byte] ?? ''),
    ),
  };
}

const ROUTED = spelling((character) => character === '/' || PLAIN_CHARACTER.test(character), PLAIN_CHARACTER);
/** RFC 3986 6.2.2.2: nothing else means the same for all whether it is encoded or not. */
const UNRESERVED = spelling(() => true, /[A-Za-z0-9._~-]/);

/** Each byte encoded or not, always alike: what a path may hold as it is, is decoded, and all else encoded. */
export function spelled(path: string): string {
  return respelled(path, ROUTED);
}

/** Unreserved characters decoded, all other encodings in upper case, and the rest as it is. */
export function decodedUnreserved(path: string): string {
  return respelled(path, UNRESERVED);
}

/**
 * Reads encodings once. A percent sign that begins none is encoded, so that it begins none with what is decoded behind it. Written
 * as a loop, as a long path may consist of encodings, and a call for each would take a millisecond.
 */
function respelled(path: string, { kept, written }: Spelling): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < path.length;) {
    const code = path.charCodeAt(at);
    if (kept[code] === 1) {
      at += 1;
      continue;
    }
    let byte = code;
    let next = at + 1;
    if (code === PERCENT) {
      const high = DIGITS[path.charCodeAt(at + 1)] ?? -1;
      const low = DIGITS[path.charCodeAt(at + 2)] ?? -1;
      if (high >= 0 && low >= 0) {
        byte = (high << 4) | low;
        next = at + 3;
      }
    }
    text += path.slice(from, at) + (written[byte] ?? '');
    from = at = next;
  }
  return from === 0 ? path : text + path.slice(from);
}

/** Slashes merged and dot segments resolved. */
export function resolved(path: string): string {
  const segments: string[] = [];
  const parts = path.split('/');
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '' && part !== '.') segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = segments.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}
