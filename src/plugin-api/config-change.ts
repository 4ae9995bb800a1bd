/** What became of a part of the config. */
export type ChangeKind = 'added' | 'removed' | 'changed';

/**
 * What a change means for the running proxy.
 *
 * - `hot`: counts from the next request or connection on; nothing is closed.
 * - `drains`: something goes away: what runs on it finishes, unless `reload.drain_timeout` ends it.
 * - `re-binds`: a socket that accepts connections is bound or closed. Its connections finish what runs on them.
 * - `refused`: a running proxy can't do it: the whole edit is refused, and nothing changes.
 */
export type ChangeEffect = 'hot' | 'drains' | 're-binds' | 'refused';

/** One difference between two configs: what an operator would name as one thing. */
export interface ConfigChange {
  /** Where it is in the normalized config, list items by their names: `upstreams[api].backends[b1].weight`. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly effect: ChangeEffect;
  /** The change in a few words: `upstream api: backend b1: weight 1 → 5`. */
  readonly summary: string;
  /** What the effect means here: what drains, what is bound, why it is refused. Absent where the effect says all. */
  readonly note?: string;
  /** The value before as in a config file, with secrets masked; absent for what was added. */
  readonly before?: unknown;
  /** The value after; absent for what was removed. */
  readonly after?: unknown;
}
