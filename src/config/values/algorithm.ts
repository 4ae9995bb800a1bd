import { suggestion } from '../problems/closest.ts';

/** All algorithms, in the order of the documentation. */
export const ALGORITHMS = [
  'round-robin',
  'weighted-round-robin',
  'random',
  'power-of-two',
  'least-connections',
  'weighted-least-connections',
  'least-time',
  'peak-ewma',
  'consistent-hash',
  'bounded-consistent-hash',
  'maglev',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** The algorithms that use `hash_key`. */
export const HASHING_ALGORITHMS: ReadonlySet<Algorithm> = new Set<Algorithm>([
  'consistent-hash',
  'bounded-consistent-hash',
  'maglev',
]);

/** The algorithms that draw: nobody can say beforehand which backend comes next. */
export const DRAWING_ALGORITHMS: ReadonlySet<Algorithm> = new Set<Algorithm>([
  'random',
  'power-of-two',
  'peak-ewma',
]);

/** The algorithms that choose by how long backends take to answer. */
export const TIMED_ALGORITHMS: ReadonlySet<Algorithm> = new Set<Algorithm>(['least-time', 'peak-ewma']);

/** The algorithms that ignore weights above 0. All others distribute by weight. */
export const UNWEIGHTED_ALGORITHMS: ReadonlySet<Algorithm> = new Set<Algorithm>([
  'round-robin',
  'least-connections',
]);

const ALIASES: Readonly<Record<string, Algorithm>> = {
  p2c: 'power-of-two',
  'power-of-two-choices': 'power-of-two',
  leasttime: 'least-time',
  peakewma: 'peak-ewma',
};

/** Names that nginx and HAProxy use, and our algorithm that does the same. Theirs use weights, so these are weighted ones. */
const NAMES_OF_OTHERS: Readonly<Record<string, Algorithm>> = {
  'least-conn': 'weighted-least-connections',
  leastconn: 'weighted-least-connections',
  ewma: 'peak-ewma',
  'least-response-time': 'least-time',
  'static-rr': 'weighted-round-robin',
  'ip-hash': 'consistent-hash',
  source: 'consistent-hash',
};

/** Parses the name of an algorithm; `_` may be written for `-`. Throws an Error that lists all names. */
export function parseAlgorithm(text: string): Algorithm {
  const dashed = text.replaceAll('_', '-');
  const found = ALGORITHMS.find((name) => name === dashed);
  if (found !== undefined) return found;
  const meant = Object.hasOwn(ALIASES, dashed) ? ALIASES[dashed] : undefined;
  if (meant !== undefined) return meant;
  const likely = Object.hasOwn(NAMES_OF_OTHERS, dashed) ? NAMES_OF_OTHERS[dashed] : undefined;
  const hint = likely === undefined ? suggestion(text, ALGORITHMS) : `; did you mean "${likely}"?`;
  throw new Error(`must be one of ${ALGORITHMS.join(', ')}${hint}`);
}
