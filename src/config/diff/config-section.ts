import { resolveSchema, type SchemaNode } from '../schema/schema.ts';
import { showPart } from '../schema/show-config.ts';
import { formatPath } from '../problems/problem.ts';
import type { ChangeEffect, ChangeKind, ConfigChange } from './config-change.ts';
import { shownValue } from './shown-value.ts';

/** What a change does, without what it changes. */
export interface Consequence {
  readonly effect: ChangeEffect;
  readonly note?: string;
}

export const HOT: Consequence = { effect: 'hot' };

/** A section of the config, for machines and for people. */
export class ConfigSection {
  readonly path: string;
  readonly #subject: string;
  readonly #schema: SchemaNode;
  readonly #isSecret: boolean;

  /** `subject` is what a person calls the section: `upstream api: backend b1`; '' for the whole config. */
  constructor(path: string, subject: string, schema: SchemaNode, isSecret = false) {
    this.path = path;
    this.#subject = subject;
    this.#schema = schema;
    this.#isSecret = isSecret;
  }

  /** The whole config. */
  static root(): ConfigSection {
    return new ConfigSection('', '', resolveSchema({ $ref: '#/$defs/config' }));
  }

  /** An item of a list. All values of a secret one are masked. */
  item(list: string, noun: string, name: string, isSecret = false): ConfigSection {
    const { items = {} } = propertyOf(this.#schema, list);
    const path = `${this.#below([list])}[${name}]`;
    return new ConfigSection(path, this.#then(`${noun} ${name}`), resolveSchema(items), isSecret);
  }

  /** A section, which has no name of its own for people. */
  section(key: string): ConfigSection {
    return new ConfigSection(this.#below([key]), this.#subject, propertyOf(this.#schema, key));
  }

  appears(consequence: Consequence, after: unknown): ConfigChange {
    const change = this.#change('added', consequence, this.path, `${this.#subject} added`);
    return { ...change, after: showPart(after, this.#schema) };
  }

  vanishes(consequence: Consequence, before: unknown): ConfigChange {
    const change = this.#change('removed', consequence, this.path, `${this.#subject} removed`);
    return { ...change, before: showPart(before, this.#schema) };
  }

  /** A setting below the section differs. Undefined means that it is not there. */
  setting(
    keys: readonly string[],
    consequence: Consequence,
    before: unknown,
    after: unknown,
    words?: string,
  ): ConfigChange {
    const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    const [old, now] = [this.#shown(keys, before), this.#shown(keys, after)];
    const summary = words ?? `${formatPath(keys)} ${settingChange(kind, old, now)}`;
    return {
      ...this.#change(kind, consequence, this.#below(keys), this.#then(summary)),
      ...(before === undefined ? {} : { before: old }),
      ...(after === undefined ? {} : { after: now }),
    };
  }

  #change(
    kind: ChangeKind,
    { effect, note }: Consequence,
    path: string,
    summary: string,
  ): Pick<ConfigChange, 'path' | 'kind' | 'effect' | 'summary' | 'note'> {
    return { path, kind, effect, summary, ...(note === undefined ? {} : { note }) };
  }

  #shown(keys: readonly string[], value: unknown): unknown {
    let schema = this.#schema;
    for (const key of keys) schema = propertyOf(schema, key);
    return showPart(value, schema, this.#isSecret ? 'secret' : keys.at(-1));
  }

  #below(keys: readonly string[]): string {
    const text = formatPath(keys);
    return this.path === '' || text.startsWith('[') ? this.path + text : `${this.path}.${text}`;
  }

  #then(words: string): string {
    return this.#subject === '' ? words : `${this.#subject}: ${words}`;
  }
}

/** The schema of a key; an empty one where nothing is said of it. */
function propertyOf({ properties, additionalProperties }: SchemaNode, key: string): SchemaNode {
  const property = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return resolveSchema(property ?? (typeof additionalProperties === 'object' ? additionalProperties : {}));
}

function settingChange(kind: ChangeKind, before: unknown, after: unknown): string {
  const value = kind === 'removed' ? before : after;
  if (kind !== 'changed' && typeof value === 'object') return kind;
  if (kind === 'added') return `${shownValue(after)} (was not set)`;
  if (kind === 'removed') return `no longer set (was ${shownValue(before)})`;
  const [old, now] = [shownValue(before), shownValue(after)];
  // Secrets, and what differs beyond the shown part.
  return old === now ? 'has another value' : `${old} → ${now}`;
}
