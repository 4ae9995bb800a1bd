import { suggestion } from '../../config/problems/closest.ts';

/** What `balance backends` can be asked for: to list, or to set a state. */
export const BACKEND_VERBS = ['list', 'drain', 'disable', 'enable', 'healthy', 'unhealthy'] as const;

export type BackendVerb = (typeof BACKEND_VERBS)[number];

/** What the words after `balance backends` ask for. */
export interface BackendsQuestion {
  readonly verb: BackendVerb;
  /** `NAME` or `UPSTREAM/NAME`; undefined for a list. */
  readonly name: string | undefined;
  /** In the operator's words. */
  readonly reason: string | undefined;
}

export interface BackendsLine extends BackendsQuestion {
  readonly command: 'backends';
  /** Says where the admin server is. */
  readonly configFile: string;
  readonly json: boolean;
}

/** The words of HAProxy's `set server … state`. */
const VERBS_OF_OTHERS: ReadonlyMap<string, BackendVerb> = new Map([
  ['down', 'unhealthy'],
  ['maint', 'disable'],
  ['maintenance', 'disable'],
  ['ready', 'enable'],
  ['up', 'healthy'],
]);

function verbHint(word: string): string {
  const meant = VERBS_OF_OTHERS.get(word);
  return meant === undefined ? suggestion(word, BACKEND_VERBS) : `; did you mean "${meant}"?`;
}

/** Reads `[list]` or `VERB NAME`. Returns a text that says what is wrong, if anything is. */
export function readBackends(
  words: readonly string[],
  reason: string | undefined,
): BackendsQuestion | string {
  const [word = 'list', name, ...more] = words;
  const verb = BACKEND_VERBS.find((known) => known === word);
  if (verb === undefined)
    return `backends can not '${word}', only ${BACKEND_VERBS.join(', ')}${verbHint(word)}`;
  if (verb === 'list') {
    if (name !== undefined) return `backends list takes no arguments, got '${words.slice(1).join(' ')}'`;
    if (reason !== undefined) return 'backends list takes no --reason: nothing changes';
    return { verb, name: undefined, reason };
  }
  if (name === undefined || name === '')
    return `backends ${verb} needs the name of a backend, as in: balance backends ${verb} backend-1`;
  if (more.length > 0) return `backends ${verb} takes one name, got '${words.slice(1).join(' ')}'`;
  return { verb, name, reason };
}
