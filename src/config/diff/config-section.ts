import type { OptionsList, OptionsSection } from '../../plugin-api/index.ts';
import { formatPath } from '../problems/problem.ts';
import { isSecretName } from '../schema/secret-names.ts';
import { resolveSchema, type SchemaNode } from '../schema/schema.ts';
import { showPart } from '../schema/show-config.ts';
import { isEqual } from '../values/is-equal.ts';
import { listWords, settingWords } from './change-words.ts';
import type { ChangeEffect, ChangeKind, ConfigChange } from './config-change.ts';
import { matchItems } from './match-items.ts';

/** What a change means for the running proxy. */
export interface Effect {
  readonly effect: ChangeEffect;
  readonly note?: string;
}

export const HOT: Effect = { effect: 'hot' };

/** The effect of a change of a setting; `key` has dots between the keys below the section. */
export type EffectOf = (key: string) => Effect;

/** How a list is compared. */
export interface ConfigList<T> extends Omit<OptionsList<T>, 'changed'> {
  readonly changed?: (before: T, after: T, section: ConfigSection) => Iterable<ConfigChange>;
  /** Default: `hot`. */
  readonly added?: (item: T) => Effect;
  /** Default: `hot`. */
  readonly removed?: (item: T) => Effect;
  /** What to say of an item that came or went. Default: `added` or `removed`. */
  readonly words?: (kind: 'added' | 'removed', item: T) => string;
}

type Values = Readonly<Record<string, unknown>>;

/** A section of the config. Puts what differs between two states of it into words, for programs and for operators. */
export class ConfigSection implements OptionsSection {
  readonly #path: string;
  readonly #subject: string;
  readonly #schema: SchemaNode;
  readonly #isSecret: boolean;

  private constructor(path: string, subject: string, schema: SchemaNode, isSecret: boolean) {
    this.#path = path;
    this.#subject = subject;
    this.#schema = schema;
    this.#isSecret = isSecret;
  }

  /** The whole config. */
  static root(): ConfigSection {
    return new ConfigSection('', '', resolveSchema({ $ref: '#/$defs/config' }), false);
  }

  /** The same section with a schema of its own, which says what its values are. */
  describedBy(schema: SchemaNode): ConfigSection {
    return new ConfigSection(this.#path, this.#subject, schema, this.#isSecret);
  }

  section(key: string): ConfigSection {
    return new ConfigSection(
      this.#below([key]),
      this.#subject,
      propertyOf(this.#schema, key),
      this.#isSecret,
    );
  }

  *settings(
    before: object,
    after: object,
    effectOf: EffectOf = () => HOT,
    skipped: readonly string[] = [],
  ): Generator<ConfigChange, void> {
    const [old, now] = [before as Values, after as Values];
    for (const key of keysOf(old, now))
      if (!skipped.includes(key)) yield* this.#differences([key], old[key], now[key], effectOf);
  }

  /** @param words what to say. Default: the key and its values */
  setting(key: string, effect: Effect, before: unknown, after: unknown, words?: string): ConfigChange {
    return this.#setting([key], effect, before, after, words);
  }

  *list<T extends object>(
    key: string,
    before: readonly T[],
    after: readonly T[],
    how: ConfigList<T>,
  ): Generator<ConfigChange, void> {
    if (isEqual(before, after)) return;
    const { nameOf, identities = [nameOf], reordered, changed } = how;
    const { added, removed, kept, isReordered } = matchItems(before, after, identities);
    for (const item of removed) yield this.#item(key, item, how).#whole('removed', item, how);
    for (const item of added) yield this.#item(key, item, how).#whole('added', item, how);
    for (const [old, now] of kept) {
      if (isEqual(old, now)) continue;
      const section = this.#item(key, now, how);
      yield* changed === undefined ? section.settings(old, now) : changed(old, now, section);
    }
    if (reordered !== undefined && isReordered)
      yield this.#setting([key], HOT, before.map(nameOf), after.map(nameOf), reordered);
  }

  /** An item of a list. */
  #item<T>(list: string, item: T, { noun, nameOf, secretName }: ConfigList<T>): ConfigSection {
    const { items = {} } = propertyOf(this.#schema, list);
    const name = nameOf(item);
    const path = `${this.#below([list])}[${name}]`;
    return new ConfigSection(
      path,
      this.#then(`${noun} ${name}`),
      resolveSchema(items),
      secretName !== undefined && isSecretName(secretName(item)),
    );
  }

  /** The section as a whole is there, or is no longer there. */
  #whole<T>(kind: 'added' | 'removed', item: T, how: ConfigList<T>): ConfigChange {
    const { effect, note } = how[kind]?.(item) ?? HOT;
    return {
      path: this.#path,
      kind,
      effect,
      summary: `${this.#subject} ${how.words?.(kind, item) ?? kind}`,
      ...(note === undefined ? {} : { note }),
      [kind === 'added' ? 'after' : 'before']: showPart(item, this.#schema),
    };
  }

  *#differences(
    keys: readonly string[],
    before: unknown,
    after: unknown,
    effectOf: EffectOf,
  ): Generator<ConfigChange, void> {
    if (isEqual(before, after)) return;
    if (isSection(before) && isSection(after)) {
      for (const key of keysOf(before, after))
        yield* this.#differences([...keys, key], before[key], after[key], effectOf);
      return;
    }
    const effect = effectOf(keys.join('.'));
    if (!isTextList(before) || !isTextList(after)) {
      yield this.#setting(keys, effect, before, after);
      return;
    }
    const words = listWords(keys, before, after);
    if (words !== undefined) yield this.#setting(keys, effect, before, after, words);
  }

  #setting(
    keys: readonly string[],
    { effect, note }: Effect,
    before: unknown,
    after: unknown,
    words?: string,
  ): ConfigChange {
    const kind: ChangeKind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    const [old, now] = [this.#shown(keys, before), this.#shown(keys, after)];
    return {
      path: this.#below(keys),
      kind,
      effect,
      summary: this.#then(words ?? `${formatPath(keys)} ${settingWords(kind, old, now)}`),
      ...(note === undefined ? {} : { note }),
      ...(before === undefined ? {} : { before: old }),
      ...(after === undefined ? {} : { after: now }),
    };
  }

  #shown(keys: readonly string[], value: unknown): unknown {
    let schema = this.#schema;
    for (const key of keys) schema = propertyOf(schema, key);
    return showPart(value, schema, this.#isSecret ? 'secret' : keys.at(-1));
  }

  #below(keys: readonly string[]): string {
    const text = formatPath(keys);
    return this.#path === '' || text.startsWith('[') ? this.#path + text : `${this.#path}.${text}`;
  }

  #then(words: string): string {
    return this.#subject === '' ? words : `${this.#subject}: ${words}`;
  }
}

/** The schema of a key; an empty one where there is none. */
function propertyOf({ properties, additionalProperties }: SchemaNode, key: string): SchemaNode {
  const property = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return resolveSchema(property ?? (typeof additionalProperties === 'object' ? additionalProperties : {}));
}

function keysOf(before: Values, after: Values): Iterable<string> {
  return new Set([...Object.keys(before), ...Object.keys(after)]);
}

function isSection(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
