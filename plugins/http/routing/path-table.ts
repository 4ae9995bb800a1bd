import { isPath, type RouteConditions } from './route-conditions.ts';
import type { HeaderValues, RequestFacts } from './request-conditions.ts';
import { holdsOtherwise, type RouteEntry } from './route-entry.ts';

/** With so few entries, comparing them one after the other is faster than looking them up. */
const FEW = 8;

/** The entries of one host, found by the path of a request. */
export class PathTable<R extends RouteConditions> {
  /** In their order. */
  readonly #entries: readonly RouteEntry<R>[];
  readonly #index: PathIndex<R> | undefined;

  /** @param entries in their order */
  constructor(entries: readonly RouteEntry<R>[]) {
    this.#entries = entries;
    this.#index = entries.length > FEW ? new PathIndex(entries) : undefined;
  }

  /** The first entry that takes the request, if it comes before `best`; else `best`. */
  find(
    best: RouteEntry<R> | undefined,
    host: string,
    path: string,
    head: HeaderValues,
    facts: RequestFacts,
  ): RouteEntry<R> | undefined {
    if (this.#index !== undefined) return this.#index.find(best, host, path, head, facts);
    for (const entry of this.#entries) {
      if (best !== undefined && entry.order > best.order) return best;
      if (entry.path !== undefined && !isPath(entry.path, path)) continue;
      if (holdsOtherwise(entry.route, host, path, head, facts)) return entry;
    }
    return best;
  }
}

const SLASH = 0x2f;

/** Many entries, looked up by the whole path and by its beginnings. */
class PathIndex<R extends RouteConditions> {
  readonly #exact = new Map<string, RouteEntry<R>[]>();
  readonly #prefixes = new Map<string, RouteEntry<R>[]>();
  /** The lengths of all prefixes, the longest first. */
  readonly #lengths: readonly number[];
  /** Entries that no look-up finds. */
  readonly #others: RouteEntry<R>[] = [];

  constructor(entries: readonly RouteEntry<R>[]) {
    for (const entry of entries) {
      const { path } = entry;
      if (path?.kind === 'exact') append(this.#exact, path.text, entry);
      else if (path?.kind === 'prefix') append(this.#prefixes, path.text, entry);
      else this.#others.push(entry);
    }
    const lengths = new Set([...this.#prefixes.keys()].map(({ length }) => length));
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }

  find(
    before: RouteEntry<R> | undefined,
    host: string,
    path: string,
    head: HeaderValues,
    facts: RequestFacts,
  ): RouteEntry<R> | undefined {
    let best = before;
    const exact = this.#exact.get(path);
    if (exact !== undefined) best = firstOf(exact, best, host, path, head, facts);
    for (const length of this.#lengths) {
      if (!endsSegment(path, length)) continue;
      const entries = this.#prefixes.get(length === path.length ? path : path.slice(0, length));
      if (entries !== undefined) best = firstOf(entries, best, host, path, head, facts);
    }
    for (const entry of this.#others) {
      if (best !== undefined && entry.order > best.order) break;
      if (entry.path !== undefined && !isPath(entry.path, path)) continue;
      if (holdsOtherwise(entry.route, host, path, head, facts)) return entry;
    }
    return best;
  }
}

/** Whether a prefix of that length can have the path below it: it ends at a slash, or in front of one, or with the path. */
function endsSegment(path: string, length: number): boolean {
  if (length >= path.length) return length === path.length;
  return path.charCodeAt(length) === SLASH || path.charCodeAt(length - 1) === SLASH;
}

/** The first of entries whose path is that of the request. */
function firstOf<R extends RouteConditions>(
  entries: readonly RouteEntry<R>[],
  best: RouteEntry<R> | undefined,
  host: string,
  path: string,
  head: HeaderValues,
  facts: RequestFacts,
): RouteEntry<R> | undefined {
  for (const entry of entries) {
    if (best !== undefined && entry.order > best.order) return best;
    if (holdsOtherwise(entry.route, host, path, head, facts)) return entry;
  }
  return best;
}

function append<R extends RouteConditions>(
  lists: Map<string, RouteEntry<R>[]>,
  key: string,
  entry: RouteEntry<R>,
): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}
