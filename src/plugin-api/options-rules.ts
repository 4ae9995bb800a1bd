import type { KeySource, SocketUse } from './upstream.ts';

/** A path into the options of a listener: keys of mappings and indexes of lists. `[]` means the options as a whole. */
export type OptionsPath = readonly (string | number)[];

/**
 * What a problem is about: a path into the options, or `'listener'` for the whole section of the listener, or `'upstream'` for
 * its own key `upstream`. The proxy finds the file, the line and the column. Where the file does not have the path, because
 * a default stands there, the problem points at the nearest section around it.
 */
export type OptionsPlace = OptionsPath | 'listener' | 'upstream';

/** The listener that has the options. */
export interface OptionsListener {
  /** Its name; a listener without one is named after its address. */
  readonly name: string;
  /** Its own `upstream:`; undefined where it has none. */
  readonly upstream: string | undefined;
}

/** What a check knows beside the options, and how it reports problems. */
export interface OptionsCheck {
  readonly listener: OptionsListener;
  /**
   * The options can't be used: the edit is refused and nothing changes.
   *
   * @param message What is allowed, in words that follow the path: `must be from 1KiB to 1MiB`. Never put a value of the file
   * into it, which may be a secret from the environment, but with {@link shown}.
   */
  readonly error: (place: OptionsPlace, message: string) => void;
  /** The options can be used, but hardly do what was meant: `has no effect while enabled is false`. Words as of {@link error}. */
  readonly warn: (place: OptionsPlace, message: string) => void;
  /** A value of the file in quotes, for a message. Of a value from the environment: the text of the file, with the variable. */
  readonly shown: (path: OptionsPath, value: string) => string;
  /** Whether the file itself has a value there; false where a default stands. */
  readonly isGiven: (path: OptionsPath) => boolean;
  /** `; did you mean "x"?`, to end a message about a mistyped word; `''` when no candidate is near. */
  readonly didYouMean: (word: string, candidates: Iterable<string>) => string;
}

/** What a lint knows beside the options, and how it gives advice. */
export interface OptionsLint {
  readonly listener: OptionsListener;
  /** The options work, but the config is better without this: `is never reached: …`. Words as of {@link OptionsCheck.error}. */
  readonly warn: (place: OptionsPlace, message: string) => void;
  /**
   * No traffic ever gets to the upstream that {@link OptionsRules.upstreams} names at this place.
   *
   * @param reason Why, as advice: `the route a takes every request`. Absent where there is no more to say about it.
   */
  readonly unreached: (place: UpstreamUse['place'], reason?: string) => void;
}

/** One upstream that a listener uses. */
export interface UpstreamUse {
  /** Name of the upstream. */
  readonly name: string;
  /** Where the listener names it: a path into its options, or `'upstream'` for its own key. */
  readonly place: OptionsPath | 'upstream';
  /** How its sockets are used, as in `ProtocolHost.upstream`. */
  readonly sockets: SocketUse;
}

/**
 * What an edit of options means for the running proxy.
 *
 * - `hot`: counts from the next request or connection on; nothing is closed.
 * - `drains`: connections end after what runs on them.
 */
export interface OptionsEffect {
  readonly effect: 'hot' | 'drains';
  /** What the effect means here, for an operator: `counts for new connections`. Default: the effect says all. */
  readonly note?: string;
}

/** How the items of a list are told apart, named and compared. */
export interface OptionsList<T> {
  /** What an operator calls an item: `route`. */
  readonly noun: string;
  /** Name of an item, for words and paths. */
  readonly nameOf: (item: T) => string;
  /**
   * What makes an item before and an item after the same one, the most telling identity first: items with an equal first
   * identity are paired, then those that are left by the next one. undefined: the identity does not apply to the item.
   * Default: the name.
   */
  readonly identities?: readonly ((item: T) => string | undefined)[];
  /** The changes of an item that stays. Default: all settings that differ, each `hot`. */
  readonly changed?: (before: T, after: T, section: OptionsSection) => Iterable<ConfigChange>;
  /**
   * A name by which an item is judged: all its values are masked when the name sounds like that of a secret, such as
   * `Authorization`. Default: only settings that are named like secrets are masked.
   */
  readonly secretName?: (item: T) => string;
  /** Words for another order of the same items: `routes in another order`. Default: the order does not count. */
  readonly reordered?: string;
}

/** A section of the options before and after an edit. Puts differences into words: masks secrets, and prints units as a file has them. */
export interface OptionsSection {
  /** The section below that key. */
  section(key: string): OptionsSection;
  /**
   * One change for each setting that differs, those of sections below included.
   *
   * @param effectOf Gets the key, or the keys joined by dots. Default: `hot`.
   * @param skipped Keys that are compared in another way.
   */
  settings(
    before: object,
    after: object,
    effectOf?: (key: string) => OptionsEffect,
    skipped?: readonly string[],
  ): Iterable<ConfigChange>;
  /** One change for one key. undefined means that the key is not there. */
  setting(key: string, effect: OptionsEffect, before: unknown, after: unknown): ConfigChange;
  /** The changes of a list: items that were removed, added, changed, and put into another order. */
  list<T extends object>(
    key: string,
    before: readonly T[],
    after: readonly T[],
    how: OptionsList<T>,
  ): Iterable<ConfigChange>;
}

/**
 * What a protocol knows about the options of its listeners beyond their schema. All members are optional. They get options that
 * the schema accepted, with its defaults filled in, and must be pure functions: no input or output, no state, no waiting. They
 * are called while a config is loaded, by `balance validate` and `balance diff`, and when an edit is compared with what is
 * live. No instance of the protocol is needed for that.
 *
 * @typeParam Options what the options are after the schema's check
 */
export interface OptionsRules<Options = unknown> {
  /** Reports what is wrong with the options of one listener. When it throws, the edit is refused. */
  check?(options: Options, context: OptionsCheck): void;
  /** Gives advice for `balance validate --strict`. */
  lint?(options: Options, context: OptionsLint): void;
  /**
   * All upstreams that a listener uses, its own `upstream:` included where it is used. The proxy checks that they exist, and
   * warns of upstreams that nothing uses. Default: the listener may use any upstream, and nothing is checked.
   */
  upstreams?(options: Options, listener: OptionsListener): Iterable<UpstreamUse>;
  /** The kinds of key that the protocol can give to a hashing balancer (`LeaseRequest.key`). Default: all. */
  readonly keyKinds?: readonly KeySource['kind'][];
  /** What an edit changes. Default: each setting that differs; it counts for new connections. */
  diff?(before: Options, after: Options, section: OptionsSection): Iterable<ConfigChange>;
}

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
