import { foldedName } from '../message/field-names.ts';
import type { MessageHead } from '../message/message-head.ts';
import type { HeaderTransform } from '../config/schema/options.generated.ts';
import { Template, type TemplateValues } from './template.ts';

/** A change of the header of one message. */
export interface FieldEdit {
  readonly action: HeaderTransform['action'];
  readonly name: string;
  /** '' for `remove`. */
  readonly value: string;
}

/** An edit, ready for use. */
interface Step {
  readonly action: HeaderTransform['action'];
  readonly name: string;
  readonly lowerName: string;
  readonly value: Template;
}

/** The edits of a header in one direction, compiled once: which fields are removed, and which lines are added. */
export class FieldEdits {
  /** Lower-case names of fields that are not passed on. */
  readonly removed: ReadonlySet<string>;
  readonly #steps: readonly Step[];
  /** Folded names: a field is removed when its name in any spelling folds to one of these. undefined: only exact names count. */
  readonly #shadowed: ReadonlySet<string> | undefined;
  /** By length of a name: whether a name of that length is removed. This check alone rules out nearly all fields. */
  readonly #lengths: readonly (true | undefined)[];
  readonly #early: readonly Step[];
  readonly #late: readonly Step[];

  private constructor(steps: readonly Step[], guardsSpellings: boolean) {
    const removed = new Set<string>();
    const shadowed = new Set<string>();
    let added: Step[] = [];
    for (const step of steps) {
      const { action, name, lowerName } = step;
      if (action !== 'add') {
        removed.add(lowerName);
        added = added.filter((line) => line.lowerName !== lowerName);
        const folded = foldedName(name);
        // An edit that removes X_User does not remove X-User. An edit that sets one of them removes all other spellings.
        if (action === 'set' || folded === lowerName) shadowed.add(folded);
      }
      if (action !== 'remove') added.push(step);
    }
    this.#steps = steps;
    this.#shadowed = guardsSpellings ? shadowed : undefined;
    const lengths: (true | undefined)[] = [];
    for (const name of removed) lengths[name.length] = true;
    this.#lengths = lengths;
    this.removed = removed;
    this.#early = added.filter((line) => !line.value.needsBackend);
    this.#late = added.filter((line) => line.value.needsBackend);
  }

  /**
   * The header transforms of a config. They apply in order: `set` and `remove` also undo what an earlier transform of the same name
   * added. undefined when there are none.
   *
   * @param guardsSpellings whether an edit also removes fields that applications could take for the one that it sets or removes
   */
  static ofTransforms(
    transforms: readonly HeaderTransform[],
    guardsSpellings: boolean,
  ): FieldEdits | undefined {
    if (transforms.length === 0) return undefined;
    const steps = transforms.map(({ action, name, value = '' }) =>
      stepOf(action, name, Template.parse(value)),
    );
    return new FieldEdits(steps, guardsSpellings);
  }

  /**
   * The edits that filters made to one message, and behind them those of the route, which have the last word.
   *
   * @param route undefined for a route without transforms
   */
  static ofFilters(
    edits: readonly FieldEdit[],
    route: FieldEdits | undefined,
    guardsSpellings: boolean,
  ): FieldEdits {
    const steps = edits.map(({ action, name, value }) => stepOf(action, name, Template.literal(value)));
    return new FieldEdits([...steps, ...(route === undefined ? [] : route.#steps)], guardsSpellings);
  }

  /** Whether a field of a message is not passed on. */
  removes(head: MessageHead, field: number): boolean {
    if (this.#lengths[head.nameLength(field)] !== true) return false;
    const name = head.nameText(field).toLowerCase();
    return this.removed.has(name) || this.#shadowed?.has(foldedName(name)) === true;
  }

  /** The added field lines that are known before the backend is chosen, each with its CRLF. */
  earlyLines(values: TemplateValues): string {
    return rendered(this.#early, values);
  }

  /** The added field lines that name the backend, each with its CRLF. */
  lateLines(values: TemplateValues): string {
    return rendered(this.#late, values);
  }
}

function stepOf(action: Step['action'], name: string, value: Template): Step {
  return { action, name, lowerName: name.toLowerCase(), value };
}

function rendered(lines: readonly Step[], values: TemplateValues): string {
  let text = '';
  for (const line of lines) text += `${line.name}: ${line.value.render(values)}\r\n`;
  return text;
}
