import type { KeySource, SocketUse } from './upstream.ts';

/** A path into the options of a listener: keys of mappings and indexes of lists. `[]` means the options as a whole. */
export type OptionsPath = readonly (string | number)[];

/**
 * What a problem is about: a path into the options, or `'listener'` for the whole section of the listener, or `'upstream'` for
 * its own key `upstream`. The proxy finds the file, the line and the column. When the path is not in the file, because its value is a
 * default, the problem points at the nearest section around it.
 */
export type OptionsPlace = OptionsPath | 'listener' | 'upstream';

/** The listener that has the options. */
export interface OptionsListener {
  /** Its name; a listener without one is named after its address. */
  readonly name: string;
  /** Its own `upstream:`; undefined when it has none. */
  readonly upstream: string | undefined;
  /** True when it passes on all connections undecrypted, by `tls.sni` and without certificates: its protocol gets no connections. */
  readonly passesThrough: boolean;
  /** What it does about TLS; undefined when it decrypts no connection. */
  readonly tls: OptionsListenerTls | undefined;
}

/** A listener that decrypts TLS. */
export interface OptionsListenerTls {
  /** Whether it asks any client for a certificate. */
  readonly asksForCertificates: boolean;
}

/** The listener of the options under check, and the functions to report problems with. */
export interface OptionsCheck {
  readonly listener: OptionsListener;
  /**
   * Reports options that can't be used: the edit is refused and nothing changes.
   *
   * @param message what is allowed, in words that follow the path: `must be from 1KiB to 1MiB`. Put a value of the file into it only
   *   with {@link shown}: the value may be a secret from the environment
   */
  readonly error: (place: OptionsPlace, message: string) => void;
  /** Reports options that can be used, but probably do not do what was meant: `has no effect while enabled is false`. Worded as in {@link error}. */
  readonly warn: (place: OptionsPlace, message: string) => void;
  /** Returns a value of the file in quotes, for a message. For a value from the environment: the text of the file, with the variable's name. */
  readonly shown: (path: OptionsPath, value: string) => string;
  /** Whether the file itself has a value at that path; false when the value is a default. */
  readonly isGiven: (path: OptionsPath) => boolean;
  /** Returns `; did you mean "x"?` as the end of a message about a mistyped word; `''` when no candidate is similar. */
  readonly didYouMean: (word: string, candidates: Iterable<string>) => string;
}

/** The listener of the options, and the functions to give advice with. */
export interface OptionsLint {
  readonly listener: OptionsListener;
  /** Reports options that work, but should be removed or changed: `is never reached: …`. Worded as in {@link OptionsCheck.error}. */
  readonly warn: (place: OptionsPlace, message: string) => void;
  /**
   * Reports that the upstream which {@link OptionsRules.upstreams} names at this place never gets traffic.
   *
   * @param reason why: `the route a takes every request`. Default: no reason is shown
   */
  readonly unreached: (place: UpstreamUse['place'], reason?: string) => void;
}

/** One upstream that a listener uses. */
export interface UpstreamUse {
  /** Name of the upstream. */
  readonly name: string;
  /** Where the listener names it: a path into its options, or `'upstream'` for its own key. */
  readonly place: OptionsPath | 'upstream';
  /** What the protocol uses its sockets for, as in `ProtocolHost.upstream`. */
  readonly sockets: SocketUse;
  /** Where the options change how requests for it are tried again; they get a warning when the upstream has no `resilience.retry`. */
  readonly retry?: OptionsPath;
  /** Where the options change when a second try begins; they get a warning when the upstream has neither `resilience.retry` nor `hedge`. */
  readonly hedge?: OptionsPath;
}

/** One use of a filter in the options of a listener: a mapping with its name in the key `use`, and beside it the options of the filter. */
export interface PluginUse {
  readonly kind: 'http-filter';
  /** The mapping: `{ use: 'cors', origins: […] }`. */
  readonly given: { readonly use: string };
  /** Where it stands. */
  readonly place: OptionsPath;
}

/**
 * What an edit of options means for the running proxy.
 *
 * - `hot`: applies from the next request or connection on; nothing is closed.
 * - `drains`: connections finish their requests and close.
 */
export interface OptionsEffect {
  readonly effect: 'hot' | 'drains';
  /** What the effect means here, for an operator: `counts for new connections`. Default: no note. */
  readonly note?: string;
}

/** How the items of a list are told apart, named and compared. */
export interface OptionsList<T> {
  /** The word for one item in messages: `route`. */
  readonly noun: string;
  /** Name of an item, for messages and paths. */
  readonly nameOf: (item: T) => string;
  /**
   * The keys by which an item before the edit and an item after it are the same one, the best key first. Items with equal first keys are
   * paired, then the remaining items by the next key. A key that returns undefined does not apply to the item. Default: the name.
   */
  readonly identities?: readonly ((item: T) => string | undefined)[];
  /** Returns the changes of an item that stays. Default: each setting that differs, with effect `hot`. */
  readonly changed?: (before: T, after: T, section: OptionsSection) => Iterable<ConfigChange>;
  /**
   * Returns a name such as that of a header. All values of the item are masked when the name is that of a secret, such as `Authorization`.
   * Default: only settings that are named like secrets are masked.
   */
  readonly secretName?: (item: T) => string;
  /** The message when only the order of the items has changed: `routes in another order`. Default: the order does not matter. */
  readonly reordered?: string;
}

/** A section of the options before and after an edit. Describes differences: masks secrets, and prints units as in a config file. */
export interface OptionsSection {
  /** Returns the section below that key. */
  section(key: string): OptionsSection;
  /**
   * Returns one change for each setting that differs, including the settings of sections below.
   *
   * @param effectOf returns the effect of a key; keys of sections are joined by dots. Default: `hot`
   * @param skipped keys that are left out
   */
  settings(
    before: object,
    after: object,
    effectOf?: (key: string) => OptionsEffect,
    skipped?: readonly string[],
  ): Iterable<ConfigChange>;
  /** Returns the change of one key. A value of undefined means that the key is absent. */
  setting(key: string, effect: OptionsEffect, before: unknown, after: unknown): ConfigChange;
  /** Returns the changes of a list: items that were removed, added or changed, and another order. */
  list<T extends object>(
    key: string,
    before: readonly T[],
    after: readonly T[],
    how: OptionsList<T>,
  ): Iterable<ConfigChange>;
}

/**
 * The rules of a protocol for the options of its listeners, beyond their schema. All members are optional. The functions get options that
 * the schema accepted, with its defaults filled in. They must be pure: no input or output, no state, no promises. They are called while
 * a config is loaded, by `balance validate` and `balance diff`, and when an edit is compared with the live config. That needs no
 * instance of the protocol.
 *
 * @typeParam Options the type of the options after the schema's check
 */
export interface OptionsRules<Options = unknown> {
  /** Reports problems of one listener's options. If it throws, the edit is refused. */
  check?(options: Options, context: OptionsCheck): void;
  /** Gives advice for `balance validate --strict`. */
  lint?(options: Options, context: OptionsLint): void;
  /**
   * Returns all upstreams that a listener uses, including its own `upstream:` if it is used. The proxy checks that they exist, and warns
   * of upstreams that no listener uses. Default: the listener may use any upstream, and nothing is checked.
   */
  upstreams?(options: Options, listener: OptionsListener): Iterable<UpstreamUse>;
  /**
   * Returns the plugins of another kind that the options use, such as filters. The proxy checks that they exist, and their options by
   * their schemas. Default: none.
   */
  plugins?(options: Options): Iterable<PluginUse>;
  /** The kinds of key that the protocol can give to a hashing balancer (`LeaseRequest.key`). Default: all. */
  readonly keyKinds?: readonly KeySource['kind'][];
  /** Returns the changes of an edit. Default: each setting that differs; it applies to new connections. */
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
 * - `restart`: it has effect once the proxy is started again or upgraded.
 * - `refused`: a running proxy can't do it: the whole edit is refused, and nothing changes.
 */
export type ChangeEffect = 'hot' | 'drains' | 're-binds' | 'restart' | 'refused';

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
