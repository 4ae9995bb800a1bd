/** A set of bytes: 1 for each byte that belongs to it. */
export type ByteSet = Uint8Array;

/** A regular expression as a tree. */
export type PatternNode =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: 'start' | 'end' };

/** The most times that a count in braces may ask for: the part is written out that often. */
const MOST_REPEATS = 100;
const IGNORE_CASE = '(?i)';
/** The bytes of UTF-8 from this one on begin a character of several bytes. */
const LEAST_LEAD = '\xc0';

const DIGIT = setOf((byte) => byte >= 0x30 && byte <= 0x39);
const WORD = setOf((byte) => /\w/.test(String.fromCharCode(byte)));
const SPACE = setOf((byte) => /\s/.test(String.fromCharCode(byte)));
/** As in JavaScript, a dot stands for no line break. */
const ANY = setOf((byte) => byte !== 0x0a && byte !== 0x0d);

const CLASSES: Readonly<Record<string, ByteSet>> = {
  d: DIGIT,
  D: inverted(DIGIT),
  w: WORD,
  W: inverted(WORD),
  s: SPACE,
  S: inverted(SPACE),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/**
 * Reads a regular expression in the syntax that JavaScript, RE2 and PCRE share: literals, `.`, classes, groups, `|`, `*`, `+`, `?`, counts,
 * `^` and `$`. Back references and assertions other than these are refused, because no matcher without backtracking has them.
 *
 * @param source each character stands for one byte (latin1)
 * @throws Error with what is wrong, worded to follow `must be a regular expression: `
 */
export function parsePattern(source: string): PatternNode {
  const ignoresCase = source.startsWith(IGNORE_CASE);
  return new PatternParser(ignoresCase ? source.slice(IGNORE_CASE.length) : source, ignoresCase).parse();
}

class PatternParser {
  readonly #text: string;
  readonly #ignoresCase: boolean;
  #at = 0;

  constructor(text: string, ignoresCase: boolean) {
    this.#text = text;
    this.#ignoresCase = ignoresCase;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw new Error('a ) has no ( before it');
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let next = this.#peek(); next !== '' && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode {
    const part = this.#atom();
    const counts = this.#counts();
    if (counts === undefined) return part;
    // A lazy quantifier finds another match, but never another answer to whether there is one.
    this.#takes('?');
    if (part.kind === 'start' || part.kind === 'end' || this.#counts() !== undefined)
      throw new Error('there is nothing to repeat before a quantifier');
    return { kind: 'repeat', part, ...counts };
  }

  /** The quantifier here; undefined when there is none. */
  #counts(): { readonly least: number; readonly most: number } | undefined {
    if (this.#takes('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#takes('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#takes('?')) return { least: 0, most: 1 };
    const braces = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at));
    if (braces === null) return undefined;
    this.#at += braces[0].length;
    const least = Number(braces[1]);
    const most =
      braces[2] === undefined ? least : braces[3] === '' ? Number.POSITIVE_INFINITY : Number(braces[3]);
    if (most < least) throw new Error('the counts in { } are in the wrong order');
    if (least > MOST_REPEATS || (most > MOST_REPEATS && most !== Number.POSITIVE_INFINITY))
      throw new Error(`a count in { } may be at most ${String(MOST_REPEATS)}`);
    return { least, most };
  }

  #atom(): PatternNode {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'bytes', set: this.#folded(this.#class()) };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'bytes', set: ANY };
      case '\\':
        if (this.#peek() > '\x7f') return this.#character(this.#next());
        return { kind: 'bytes', set: this.#folded(this.#escape()) };
      case '*':
      case '+':
      case '?':
        throw new Error('there is nothing to repeat before a quantifier');
      default:
        return this.#character(character);
    }
  }

  /** A character for itself; one beyond ASCII is all bytes of its UTF-8, so that a quantifier counts for all of them. */
  #character(first: string): PatternNode {
    const bytes = [first];
    if (first >= LEAST_LEAD) while (isContinuation(this.#peek())) bytes.push(this.#next());
    const parts = bytes.map((byte): PatternNode => {
      return { kind: 'bytes', set: this.#folded(single(byte.charCodeAt(0))) };
    });
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'sequence', parts };
  }

  #group(): PatternNode {
    if (this.#takes('?')) {
      const isNamed = /^<[A-Za-z_]\w*>/.exec(this.#text.slice(this.#at));
      if (isNamed !== null) this.#at += isNamed[0].length;
      else if (!this.#takes(':'))
        throw new Error('(?= (?! (?<= (?<! and flags other than (?i) at the beginning are not supported');
    }
    const node = this.#choice();
    if (!this.#takes(')')) throw new Error('a ( is not closed');
    return node;
  }

  /** The set of an escape, behind its backslash. */
  #escape(): ByteSet {
    const character = this.#next();
    if (character === '') throw new Error('it ends with a backslash');
    const named = CLASSES[character];
    if (named !== undefined) return named;
    const control = CONTROLS[character];
    if (control !== undefined) return single(control);
    if (character === 'x') {
      const digits = /^[0-9A-Fa-f]{2}/.exec(this.#text.slice(this.#at));
      if (digits === null) throw new Error('\\x needs two hex digits');
      this.#at += 2;
      return single(Number.parseInt(digits[0], 16));
    }
    if (/[A-Za-z0-9]/.test(character))
      throw new Error(`\\${character} is not supported: there are no back references and no \\b`);
    return single(character.charCodeAt(0));
  }

  #class(): ByteSet {
    const isInverted = this.#takes('^');
    const set = new Uint8Array(256);
    while (!this.#takes(']')) {
      const from = this.#member();
      const low = onlyByte(from);
      const isRange = low >= 0 && this.#peek() === '-' && (this.#text[this.#at + 1] ?? ']') !== ']';
      if (isRange) this.#at += 1;
      const high = isRange ? onlyByte(this.#member()) : -1;
      if (isRange && high < low) throw new Error('a range in [ ] is in the wrong order');
      if (isRange) set.fill(1, low, high + 1);
      else for (const [byte, isIn] of from.entries()) if (isIn === 1) set[byte] = 1;
    }
    const folded = this.#folded(set);
    return isInverted ? inverted(folded) : folded;
  }

  /** One character, or an escape, of a class. */
  #member(): ByteSet {
    const character = this.#next();
    if (character === '') throw new Error('a [ is not closed');
    if (character.charCodeAt(0) > 0x7f) throw new Error('characters in [ ] must be ASCII');
    return character === '\\' ? this.#escape() : single(character.charCodeAt(0));
  }

  #folded(set: ByteSet): ByteSet {
    if (!this.#ignoresCase) return set;
    return setOf((byte) => set[byte] === 1 || (isLetter(byte) && set[byte ^ 0x20] === 1));
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const character = this.#peek();
    this.#at += 1;
    return character;
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}

function setOf(isIn: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(isIn(byte)));
}

function single(byte: number): ByteSet {
  return setOf((each) => each === byte);
}

function inverted(set: ByteSet): ByteSet {
  return set.map((isIn) => 1 - isIn);
}

/** The byte of a set that has only one; -1 for all others. */
function onlyByte(set: ByteSet): number {
  const first = set.indexOf(1);
  return first === set.lastIndexOf(1) ? first : -1;
}

/** Whether a byte continues a character of UTF-8. */
function isContinuation(byte: string): boolean {
  return byte >= '\x80' && byte < LEAST_LEAD;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
