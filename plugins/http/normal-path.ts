/** Encoded slash, backslash and NUL: a backend may take them for what routes did not see. */
const REFUSED = /%(?:2f|5c|00)/i;
const ENCODED_DOT = /%2e/gi;

/**
 * The target with slashes merged and dot segments resolved (RFC 3986 5.2.4), encoded dots included; its query untouched.
 * Undefined for paths that can't be made unambiguous.
 */
export function normalTarget(target: string): string | undefined {
  if (!target.startsWith('/')) return target;
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (isNormal(path)) return target;
  if (REFUSED.test(path) || path.includes('\\')) return undefined;
  const segments: string[] = [];
  const parts = path.replace(ENCODED_DOT, '.').split('/');
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '' && part !== '.') segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = segments.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${segments.join('/')}${isFolder ? '/' : ''}${query < 0 ? '' : target.slice(query)}`;
}

/** Nothing in it could need a change: by far the most frequent case. */
function isNormal(path: string): boolean {
  return !path.includes('//') && !path.includes('/.') && !path.includes('%') && !path.includes('\\');
}
