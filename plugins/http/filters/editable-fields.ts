import type { BodyTap, FilterFields } from '../../../src/plugin-api/index.ts';
import type { FieldEdit } from '../forwarding/field-edits.ts';
import { FRAMING_HEADERS } from '../../../src/plugin-api/values/http-syntax.ts';
import type { OwnedTap } from './bodies/body-taps.ts';
import { checkField, separatorOf } from './field-check.ts';

/** Where the fields of a message are read from. */
export interface FieldSource {
  /** The values of all fields of that name (lower case) as one text; undefined when there is none. */
  joinedValue(lowerName: string): string | undefined;
}

/** The fields of one message, and the edits that filters made to them. The message itself does not change. */
export abstract class EditableFields implements FilterFields {
  /** In the order in which they were made; undefined while there are none. */
  edits: FieldEdit[] | undefined = undefined;
  /** The taps that see the body; undefined while there are none. */
  taps: OwnedTap[] | undefined = undefined;
  /** Which filter of the chain is being called, from 0. */
  filter = 0;

  header(name: string): string | undefined {
    const lowerName = name.toLowerCase();
    let value = FRAMING_HEADERS.has(lowerName) ? undefined : this.original(lowerName);
    for (const edit of this.edits ?? []) {
      if (edit.name.toLowerCase() !== lowerName) continue;
      if (edit.action === 'remove') value = undefined;
      else if (edit.action === 'set' || value === undefined) value = edit.value;
      else value += `${separatorOf(lowerName)}${edit.value}`;
    }
    return value;
  }

  setHeader(name: string, value: string): void {
    this.#edit({ action: 'set', name, value });
  }

  addHeader(name: string, value: string): void {
    this.#edit({ action: 'add', name, value });
  }

  removeHeader(name: string): void {
    this.#edit({ action: 'remove', name, value: '' });
  }

  tapBody(tap: BodyTap): void {
    (this.taps ??= []).push({ filter: this.filter, tap });
  }

  /** The value of a field before all edits. */
  protected abstract original(lowerName: string): string | undefined;

  #edit(edit: FieldEdit): void {
    const { action, name, value } = edit;
    checkField(name, value);
    if (action !== 'set' && name.toLowerCase() === 'host')
      throw new TypeError('a request has exactly one Host: it can only be set');
    (this.edits ??= []).push(edit);
  }
}
