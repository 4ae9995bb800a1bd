import { foldedName } from '../message/field-names.ts';
import { NUMBERS_A_FIELD, type Head } from '../h1/parse/head.ts';
import type { HeaderTransform } from '../config/options.generated.ts';
import { Template, type TemplateValues } from './template.ts';

interface Line {
  readonly name: string;
  readonly lowerName: string;
  readonly value: Template;
}

/** The header transforms of one direction, worked out once: which names go, and which lines come. */
export class FieldEdits {
  /** Lower-case names of fields that are not passed on. */
  readonly removed: ReadonlySet<string>;
  /** Folded names of which no spelling is passed on. */
  readonly #shadowed: ReadonlySet<string> | undefined;
  /** By length of a name: whether a name of that length is removed. This check alone rules out nearly all fields. */
  readonly #lengths: readonly (true | undefined)[];
  readonly #early: readonly Line[];
  readonly #late: readonly Line[];

  /**
   * Applies in order: `set` and `remove` also undo what an earlier edit of the same name added.
   *
   * @param guardsSpellings whether an edit also removes fields that applications could take for the one that it sets or removes
   */
  constructor(edits: readonly HeaderTransform[], guardsSpellings = false) {
    const removed = new Set<string>();
    const shadowed = new Set<string>();
    let lines: Line[] = [];
    for (const edit of edits) {
      const lowerName = edit.name.toLowerCase();
      if (edit.action !== 'add') {
        removed.add(lowerName);
        lines = lines.filter((line) => line.lowerName !== lowerName);
        const folded = foldedName(edit.name);
        // An edit that removes X_User does not mean X-User. An edit that sets one of them wants none of the others beside it.
        if (edit.action === 'set' || folded === lowerName) shadowed.add(folded);
      }
      if (edit.action !== 'remove')
        lines.push({ name: edit.name, lowerName, value: new Template(edit.value ?? '') });
    }
    this.#shadowed = guardsSpellings ? shadowed : undefined;
    const lengths: (true | undefined)[] = [];
    for (const name of removed) lengths[name.length] = true;
    this.#lengths = lengths;
    this.removed = removed;
    this.#early = lines.filter((line) => !line.value.needsBackend);
    this.#late = lines.filter((line) => line.value.needsBackend);
  }

  get isEmpty(): boolean {
    return this.removed.size === 0 && this.#early.length === 0 && this.#late.length === 0;
  }

  /** True when some lines can only be made once the backend is chosen. */
  get needsBackend(): boolean {
    return this.#late.length > 0;
  }

  /** Whether a field of a message is not passed on. */
  removes(head: Head, field: number): boolean {
    const at = field * NUMBERS_A_FIELD;
    const length = (head.offsets[at + 1] as number) - (head.offsets[at] as number);
    if (this.#lengths[length] !== true) return false;
    const name = head.nameText(field).toLowerCase();
    return this.removed.has(name) || this.#shadowed?.has(foldedName(name)) === true;
  }

  /** The added field lines that are known before the backend is, each with its CRLF. */
  earlyLines(values: TemplateValues): string {
    return rendered(this.#early, values);
  }

  /** The added field lines that name the backend. */
  lateLines(values: TemplateValues): string {
    return rendered(this.#late, values);
  }
}

function rendered(lines: readonly Line[], values: TemplateValues): string {
  let text = '';
  for (const line of lines) text += `${line.name}: ${line.value.render(values)}\r\n`;
  return text;
}
