import type { ChangeEffect, ChangeKind, ConfigChange } from './config-change.ts';
import { shownValue } from './shown-value.ts';

/** What a change does, without what it changes. */
export interface Consequence {
  readonly effect: ChangeEffect;
  readonly note?: string;
}

export const HOT: Consequence = { effect: 'hot' };

/** A place of the config, for machines and for people. */
export class Place {
  readonly path: string;
  readonly #subject: string;

  /** `subject` is what a person calls the place: `upstream api: backend b1`; '' for the whole config. */
  constructor(path: string, subject: string) {
    this.path = path;
    this.#subject = subject;
  }

  /** A named item of a list. */
  item(list: string, noun: string, name: string): Place {
    return new Place(`${this.#below(list)}[${name}]`, this.#then(`${noun} ${name}`));
  }

  /** A section, which has no name of its own for people. */
  section(key: string): Place {
    return new Place(this.#below(key), this.#subject);
  }

  appears(consequence: Consequence, after: unknown): ConfigChange {
    return { ...this.#change('added', consequence), summary: `${this.#subject} added`, after };
  }

  vanishes(consequence: Consequence, before: unknown): ConfigChange {
    return { ...this.#change('removed', consequence), summary: `${this.#subject} removed`, before };
  }

  /** A setting below the place differs; `key` may have dots. Undefined means that it is not there. */
  setting(key: string, consequence: Consequence, before: unknown, after: unknown): ConfigChange {
    const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    return {
      ...this.#change(kind, consequence),
      path: this.#below(key),
      summary: this.#then(`${key} ${settingChange(kind, before, after)}`),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
  }

  /** A change in words of its own. */
  says(key: string, words: string, consequence: Consequence, before: unknown, after: unknown): ConfigChange {
    return {
      ...this.#change('changed', consequence),
      path: key === '' ? this.path : this.#below(key),
      summary: this.#then(words),
      before,
      after,
    };
  }

  #change(kind: ChangeKind, { effect, note }: Consequence): Omit<ConfigChange, 'summary'> {
    return { path: this.path, kind, effect, ...(note === undefined ? {} : { note }) };
  }

  #below(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  #then(words: string): string {
    return this.#subject === '' ? words : `${this.#subject}: ${words}`;
  }
}

function settingChange(kind: ChangeKind, before: unknown, after: unknown): string {
  if (kind === 'added') return `${shownValue(after)} (was not set)`;
  if (kind === 'removed') return `no longer set (was ${shownValue(before)})`;
  const [old, now] = [shownValue(before), shownValue(after)];
  // Secrets, and what differs beyond the shown part.
  return old === now ? 'has another value' : `${old} → ${now}`;
}
