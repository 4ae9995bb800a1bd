/** The characters that a path may contain without encoding (RFC 3986 3.3), except the slash. */
const PLAIN_CHARACTER = /[A-Za-z0-9._~!$&'()*+,;=:@-]/;
/** Characters that {@link routedPath} may change, and `;`, which is read in several ways, as some servers cut paths there. */
const NOT_PLAIN = /[^A-Za-z0-9._~!$&'()*+,=:@/-]|\/[/.]/;

/**
 * The index of the first character for which the path may have other spellings; -1 when there is none. `?` and `#` count as such
 * characters, so this also finds the end of the path in a target.
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
 * The one spelling that routes compare, for all paths that most servers read as the same path. Each character is either always encoded or
 * never (RFC 3986 6.2.2.2, and the reserved characters that a path may contain). Slashes are merged and dot segments resolved (5.2.4).
 * Encodings are decoded once: `%2561` is no `a`. An encoded slash or backslash stays encoded.
 *
 * @param path must begin with a slash, and each character is one byte (latin1). Any other text is returned unchanged
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

/** How each byte of a path is written in a certain spelling. */
interface Spelling {
  /** 1 for bytes that stay unchanged when they are not encoded. */
  readonly kept: Uint8Array;
  /** The new text of each byte that is encoded, or that is not kept. */
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

/** Characters that match `isDecoded` are written without encoding, even where they were encoded. */
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
/** Only these characters mean the same to all servers whether they are encoded or not (RFC 3986 6.2.2.2). */
const UNRESERVED = spelling(() => true, /[A-Za-z0-9._~-]/);

/** One spelling for each byte: characters that a path may contain are decoded, and all other bytes are encoded. */
export function spelled(path: string): string {
  return respelled(path, ROUTED);
}

/** Unreserved characters decoded, all other encodings in upper case, and the rest as it is. */
export function decodedUnreserved(path: string): string {
  return respelled(path, UNRESERVED);
}

/**
 * Decodes once. A percent sign without two hexadecimal digits behind it is encoded, so that decoded characters behind it can't complete
 * an encoding. This is a loop because a long path may consist of encodings: a function call for each would take a millisecond.
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

/** Merges slashes and resolves dot segments. */
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
