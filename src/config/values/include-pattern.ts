import { basename, dirname } from 'node:path';

/** What an include may be, in words for error messages. */
export const INCLUDE_FORMS = 'the name of a file, or a pattern such as conf.d/*.yaml';

const WILDCARD = /[*?]/;

/** Returns the text unchanged. Throws an Error when it is no valid include. */
export function checkIncludePattern(text: string): string {
  if (text === '' || text.endsWith('/') || text.includes('\0')) throw new Error(`must be ${INCLUDE_FORMS}`);
  if (WILDCARD.test(dirname(text))) {
    throw new Error('must have its * and ? in the last part of the path only, as in conf.d/*.yaml');
  }
  return text;
}

/** Whether an include is a pattern for any number of files, and not the name of one file that must exist. */
export function isPattern(include: string): boolean {
  return WILDCARD.test(basename(include));
}

/**
 * Whether the last part of an include matches the name of a file: `*` matches any text, `?` any one character. A name that begins with a
 * dot is matched only by a pattern that begins with one, because editors and mounts hide their own files that way.
 */
export function includeMatches(include: string, name: string): boolean {
  const pattern = basename(include);
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  return matches(Array.from(pattern), Array.from(name));
}

/** On a mismatch it goes back to the last `*` only, so that the time stays short for every pattern. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < name.length;) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[index])) {
      at++;
      index++;
    } else if (star !== -1) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return pattern.slice(at).every((rest) => rest === '*');
}
