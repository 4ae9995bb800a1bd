/** What a path may hold as it is (RFC 3986 3.3), but for slashes, and for the sign of an encoding. */
const PLAIN_CHARACTER = /[A-Za-z0-9._~!$&'()*+,;=:@-]/;
/** What {@link routedPath} may have to change, or what may be read in several ways: `;`, as some servers cut paths there. */
const NOT_PLAIN = /[^A-Za-z0-9._~!$&'()*+,=:@/-]|\/[/.]/;
const UNIT = /%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/-]/g;

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

/** Each byte encoded or not, always alike. */
export function spelled(path: string): string {
  return path.replace(UNIT, (unit, digits: string | undefined) => {
    const character = digits === undefined ? unit : String.fromCharCode(Number.parseInt(digits, 16));
    return digits !== undefined && PLAIN_CHARACTER.test(character) ? character : encoded(character);
  });
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

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
