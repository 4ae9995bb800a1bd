import type { FieldLine } from '../../message/trailers.ts';
import type { Unmended } from './mending.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*/;
/** Control bytes other than the tab are not allowed in a value (RFC 9110 5.5). */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Control bytes at which some receivers end a line or a text. */
const WORST = /[\r\0]/;
/** Fields that decide how a message is read. No byte of them is replaced, because `\x0bchunked` would become `chunked`. */
const STEERING =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;
const CONTROLS = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/**
 * Reads field lines one after the other, as text without their line ends: those of trailers, and those of a response head
 * that the parser refused.
 *
 * A strict reader accepts what RFC 9112 5 allows. A lenient reader, for backends, also accepts what has one safe reading: it removes white
 * space before the colon, and joins a folded line with one blank (RFC 9112 5.1, 5.2). It replaces control bytes by blanks, because some
 * clients refuse them and others end a line at them; but not in fields that decide how the message is read. It still refuses a bare
 * CR and NUL.
 */
export class FieldLines {
  readonly lines: FieldLine[] = [];
  /** True once the reader accepted a line that the grammar does not allow. */
  irregular = false;
  /** Why the last line was refused, and at which index of it. */
  fault: Unmended | undefined;
  readonly #lenient: boolean;

  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  /** Reads one more line. False when it is refused: see {@link fault}. */
  add(line: string): boolean {
    if (line.startsWith(' ') || line.startsWith('\t')) return this.#fold(line);
    const colon = line.indexOf(':');
    if (colon < 0) return this.#refuse('field_name', 'a field line has no colon', line.length);
    const written = line.slice(0, colon);
    const name = this.#lenient ? written.replace(/[ \t]+$/, '') : written;
    const [token] = NAME.exec(name) as RegExpExecArray;
    if (name === '' || token !== name)
      return this.#refuse('field_name', 'a field name is no token', token.length);
    const rest = this.#value(name, line, colon + 1);
    if (rest === undefined) return false;
    if (name !== written) this.irregular = true;
    this.lines.push({ name, rest });
    return true;
  }

  /** The value that stands in the line from `from` on, without control bytes; undefined when it is refused. */
  #value(name: string, line: string, from: number): string | undefined {
    const text = line.slice(from);
    const control = text.search(CONTROL);
    if (control < 0) return text;
    const worst = text.search(WORST);
    if (worst >= 0) this.#refuse('field_value', 'a field value holds a bare CR or NUL', from + worst);
    else if (!this.#lenient || STEERING.test(name))
      this.#refuse('field_value', 'a field value holds a control byte', from + control);
    else {
      this.irregular = true;
      return withoutControls(text);
    }
    return undefined;
  }

  #fold(line: string): boolean {
    const last = this.lines.pop();
    if (!this.#lenient || last === undefined)
      return this.#refuse('folded_field', 'a field line begins with white space', 0);
    const more = this.#value(last.name, line, 0);
    if (more === undefined) return false;
    this.irregular = true;
    this.lines.push({ name: last.name, rest: joined(last.rest, more) });
    return true;
  }

  #refuse(rule: RefusalRule, reason: string, at: number): false {
    this.fault = { rule, reason, at };
    return false;
  }
}

/** Joins a folded value with a blank. White space is only blanks and tabs; `trim` would also remove bytes of the value. */
function joined(begun: string, more: string): string {
  return `${begun.replace(/[ \t]+$/, '')} ${more.replace(/^[ \t]+|[ \t]+$/g, '')}`;
}

/** The text with a blank in place of each control byte but tab, CR, LF and NUL. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ');
}
