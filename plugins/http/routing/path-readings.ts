import type { PathCondition } from './route-conditions.ts';
import { resolved, spelled } from '../../../src/plugin-api/values/routed-path.ts';

/** A spelling that servers read in different ways. */
interface Spelling {
  readonly occurs: RegExp;
  /** A route whose own path matches this has the spelling on purpose, so the spelling is not examined. undefined: it always is. */
  readonly inRoute: RegExp | undefined;
  /** The whole path as the other servers read it. */
  readonly reads: (path: string) => string;
}

const OVERLONG = /%(?:c[01]|e0%8[01]|f0%80%8[01])%[89ab][0-9a-f]/gi;

const SPELLINGS: readonly Spelling[] = [
  // An encoded slash is a slash: nginx, WSGI.
  { occurs: /%2f/i, inRoute: /%2f/i, reads: (path) => path.replace(/%2f/gi, '/') },
  // A backslash is a slash: servers on Windows, clients that follow WHATWG's URL standard.
  { occurs: /\\|%5c/i, inRoute: /\\|%5c/i, reads: (path) => path.replace(/\\|%5c/gi, '/') },
  // A segment ends where its parameters begin: Java's servlets.
  { occurs: /;/, inRoute: /;|%3b/i, reads: (path) => path.replace(/;[^/]*/g, '') },
  // The path ends at a NUL: programs in C.
  { occurs: /%00/, inRoute: undefined, reads: (path) => path.replace(/%00.*$/, '') },
  // Two or more bytes that look like UTF-8 stand for one character of ASCII: old decoders.
  { occurs: /%(?:c[01]|e0%8|f0%80%8)/i, inRoute: undefined, reads: withoutOverlong },
];

/** A path with more kinds of these spellings is refused: no honest path has so many, and there would be too many readings to compare. */
const MOST_SPELLINGS = 2;

/** The other ways in which servers may read a path. */
export interface PathReadings {
  /** In the form that routes compare. */
  readonly paths: ReadonlySet<string>;
  /** Whether one of the readings has a `..` that the path as the client wrote it does not have. */
  readonly hidesDots: boolean;
}

/**
 * How servers may read a path in other ways than routes do: they decode what is encoded, leave dot segments as they are, or
 * count empty segments when they resolve dot segments.
 *
 * @param routePaths the conditions on the path of the route that was found; the spellings that all of them contain are not examined
 * @returns undefined when there are too many ways
 */
export function otherReadings(path: string, routePaths: readonly PathCondition[]): PathReadings | undefined {
  const spellings = SPELLINGS.filter(
    ({ occurs, inRoute }) => occurs.test(path) && !areOnPurpose(inRoute, routePaths),
  );
  if (spellings.length > MOST_SPELLINGS) return undefined;
  const texts = new Set(
    orders(spellings).map((order) => order.reduce((text, { reads }) => reads(text), path)),
  );
  const paths = new Set<string>();
  let hidesDots = false;
  const base = spelled(path);
  const showsDots = hasDots(base);
  for (const text of texts) {
    const plain = text === path ? base : spelled(text);
    paths.add(resolved(plain));
    if (!hasDots(plain)) continue;
    if (!showsDots) hidesDots = true;
    paths.add(resolved(withEmptySegments(plain)));
    paths.add(withDots(plain));
  }
  paths.delete(resolved(base));
  return { paths, hidesDots };
}

/** Whether each path of a route has a spelling. In a regular expression, the characters of a spelling have other meanings. */
function areOnPurpose(spelling: RegExp | undefined, paths: readonly PathCondition[]): boolean {
  if (spelling === undefined || paths.length === 0) return false;
  return paths.every(({ kind, text }) => kind !== 'regex' && spelling.test(text));
}

/** All orders in which the spellings may be read: none of them, each alone, and two of them in either order. */
function orders(spellings: readonly Spelling[]): readonly (readonly Spelling[])[] {
  const both = spellings.length < MOST_SPELLINGS ? [] : [spellings, spellings.toReversed()];
  return [[], ...spellings.map((spelling) => [spelling]), ...both];
}

function hasDots(path: string): boolean {
  return /\/\.\.(?:\/|$)/.test(path);
}

/** The path for servers that count an empty segment (`//`) as one that `..` removes. */
function withEmptySegments(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/').slice(1)) {
    if (part === '..') kept.pop();
    else if (part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}`;
}

/** The path for servers that merge slashes and drop `.`, and leave each `..` in place. */
function withDots(path: string): string {
  return path.replace(/\/(?:\.?\/)+/g, '/');
}

function withoutOverlong(path: string): string {
  return path.replace(OVERLONG, (encoding: string) => {
    // Of the bytes before the last one, only the lowest bit carries a value; it counts 64.
    const high = Number(encoding[encoding.length - 4]) << 6;
    return String.fromCharCode(high | (Number.parseInt(encoding.slice(-2), 16) & 0x3f));
  });
}
