import type { HeaderTransform } from './options.generated.ts';
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
  readonly #early: readonly Line[];
  readonly #late: readonly Line[];

  /** Applies in order: `set` and `remove` also undo what an earlier edit of the same name added. */
  constructor(edits: readonly HeaderTransform[]) {
    const removed = new Set<string>();
    let lines: Line[] = [];
    for (const edit of edits) {
      const lowerName = edit.name.toLowerCase();
      if (edit.action !== 'add') {
        removed.add(lowerName);
        lines = lines.filter((line) => line.lowerName !== lowerName);
      }
      if (edit.action !== 'remove')
        lines.push({ name: edit.name, lowerName, value: new Template(edit.value ?? '') });
    }
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
