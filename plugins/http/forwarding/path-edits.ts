import {
  isBelow,
  resolved,
  routedConfigPath,
  routedPath,
} from '../../../src/plugin-api/values/routed-path.ts';
import type { Transform } from '../config/schema/options.generated.ts';

/** Changes the path of a request target, which is in normal form, and leaves the query as it is. */
export type PathEdit = (target: string) => string;

/** One function for all path transforms, in their order: strip, add, rewrite. undefined when there are none. */
export function pathEdit(transforms: readonly (Transform | undefined)[]): PathEdit | undefined {
  const steps: ((path: string) => string)[] = [];
  for (const transform of transforms) {
    if (transform === undefined) continue;
    const { strip_prefix: strip, rewrite, add_prefix: add } = transform;
    if (strip !== undefined) steps.push(prefixStrip(strip));
    if (add !== undefined) {
      const prefix = sendable(add.replace(/\/$/, ''));
      steps.push((path) => prefix + path);
    }
    if (rewrite !== undefined) {
      const pattern = new RegExp(rewrite.pattern);
      const replacement = sendable(rewrite.replacement);
      steps.push((path) => rooted(path.replace(pattern, replacement)));
    }
  }
  if (steps.length === 0) return undefined;
  return (target) => {
    if (target === '*') return target;
    const query = target.indexOf('?');
    let path = query < 0 ? target : target.slice(0, query);
    for (const step of steps) path = step(path);
    return query < 0 ? path : path + target.slice(query);
  };
}

/** Removes a prefix, however the prefix and the path are spelled. */
function prefixStrip(text: string): (path: string) => string {
  const prefix = routedConfigPath(text);
  const segments = prefix.split('/').length - (prefix.endsWith('/') ? 2 : 1);
  return (path) => {
    const routed = routedPath(path);
    if (!isBelow(routed, prefix)) return path;
    if (routed === path) return rooted(path.slice(prefix.length));
    // Every spelling of the prefix has the same number of segments.
    return `/${resolved(path)
      .split('/')
      .slice(segments + 1)
      .join('/')}`;
  };
}

/** A text of the config as a request line can hold it: characters beyond ASCII become percent-encoded UTF-8. */
function sendable(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The path with a slash in front, and with blanks and control characters encoded, so that the result of a pattern does not break the
 * request line.
 */
function rooted(path: string): string {
  const clean = path.replace(/[\u0000-\u0020\u007f]/g, (character) => encodeURIComponent(character));
  return clean.startsWith('/') ? clean : `/${clean}`;
}
