import { parsePattern, type ByteSet, type PatternNode } from './pattern-parser.ts';

/** The most states of the automaton that a pattern is written out to. */
const MOST_STATES = 2_000;
/** The most parts that are written out: repeated parts may be empty, and have no states. */
const MOST_PARTS = 50_000;
/**
 * The most positions that a pattern remembers, which bounds its memory. To make a position costs as much as 100 plain steps: so texts that
 * lead to ever new ones must not have them made and forgotten in turn.
 */
const MOST_REMEMBERED = 500;

/** What a state does: it takes one byte, goes on at several others, asks for the beginning or the end of the text, or is the end. */
type State =
  | { readonly kind: 'bytes'; readonly set: ByteSet; next: number }
  | { readonly kind: 'split'; next: number[] }
  | { readonly kind: 'start' | 'end'; next: number }
  | { readonly kind: 'match' };

/** All states in which the automaton may be after a part of the text. */
interface Position {
  readonly states: readonly number[];
  /** Whether the pattern matches, whatever follows. */
  readonly matches: boolean;
  /** Whether it matches if the text ends here. */
  readonly matchesAtEnd: boolean;
  /** The position after each byte; undefined while it is not known. */
  readonly after: (Position | undefined)[];
}

/**
 * A regular expression whose time is bounded: it reads each byte of a text once and never goes back, so that no text can keep the
 * process busy, whatever the pattern is. `RegExp` of JavaScript backtracks: there `^(a+)+$` needs 2^n steps. This is the automaton of
 * Thompson, made deterministic step by step as texts need it. Source: R. Cox, Regular Expression Matching Can Be Simple And Fast, 2007.
 */
export class Pattern {
  readonly source: string;
  readonly #states: State[] = [];
  readonly #first: number;
  readonly #known = new Map<string, Position>();
  #start: Position | undefined;
  #parts = 0;
  /** For each state, the last step that reached it; undefined before the first step of {@link #testOn}. */
  #reached: Uint32Array | undefined;
  #steps = 0;

  /** @throws Error that says what is wrong with the pattern, worded to follow `must be a regular expression: ` */
  constructor(source: string) {
    this.source = source;
    const match = this.#add({ kind: 'match' });
    this.#first = this.#build(parsePattern(Buffer.from(source, 'utf8').toString('latin1')), match);
  }

  /** Whether the pattern matches anywhere in the text, of which each character is one byte (latin1). */
  test(text: string): boolean {
    let position = (this.#start ??= this.#positionOf([this.#first], true));
    for (let at = 0; at < text.length; at++) {
      if (position.matches) return true;
      const byte = Math.min(text.charCodeAt(at), 0xff);
      const next = position.after[byte] ?? this.#step(position, byte);
      if (next === undefined) return this.#testOn(text, at, position.states);
      position = next;
    }
    return position.matchesAtEnd;
  }

  #add(state: State): number {
    if (this.#states.length >= MOST_STATES) throw new Error('it is too large');
    return this.#states.push(state) - 1;
  }

  /** Adds the states of a part, in front of the state `next`. Returns the first of them. */
  #build(node: PatternNode, next: number): number {
    this.#parts += 1;
    if (this.#parts > MOST_PARTS) throw new Error('it is too large');
    switch (node.kind) {
      case 'bytes':
        return this.#add({ kind: 'bytes', set: node.set, next });
      case 'start':
      case 'end':
        return this.#add({ kind: node.kind, next });
      case 'sequence':
        return node.parts.reduceRight((behind, part) => this.#build(part, behind), next);
      case 'choice':
        return this.#add({ kind: 'split', next: node.parts.map((part) => this.#build(part, next)) });
      case 'repeat':
        return this.#repeat(node.part, node.least, node.most, next);
    }
  }

  #repeat(part: PatternNode, least: number, most: number, next: number): number {
    let first = next;
    if (most === Number.POSITIVE_INFINITY) {
      const again = { kind: 'split' as const, next: [next] };
      first = this.#add(again);
      again.next.push(this.#build(part, first));
    } else
      for (let count = least; count < most; count++)
        first = this.#add({ kind: 'split', next: [this.#build(part, first), next] });
    for (let count = 0; count < least; count++) first = this.#build(part, first);
    return first;
  }

  /** The position after a byte; undefined when no more are remembered. */
  #step(from: Position, byte: number): Position | undefined {
    if (this.#known.size >= MOST_REMEMBERED) return undefined;
    const next: number[] = [];
    for (const index of from.states) {
      const state = this.#states[index];
      if (state?.kind === 'bytes' && state.set[byte] === 1) next.push(state.next);
    }
    // The match may begin at each place of the text.
    next.push(this.#first);
    const position = this.#positionOf(next, false);
    from.after[byte] = position;
    return position;
  }

  /** Reads a text from `start` on without remembering anything. `states`: those of the position there. */
  #testOn(text: string, start: number, states: readonly number[]): boolean {
    let current = states;
    for (let at = start; at < text.length; at++) {
      const byte = Math.min(text.charCodeAt(at), 0xff);
      const open = [this.#first];
      for (const index of current) {
        const state = this.#states[index];
        if (state?.kind === 'bytes' && state.set[byte] === 1) open.push(state.next);
      }
      const next = this.#entered(open);
      if (next === undefined) return true;
      current = next;
    }
    return this.#hasMatch(this.#closure(current, false, true));
  }

  /** The states with work to do that are reached from `open` without a byte, which it empties; undefined when the pattern matches. */
  #entered(open: number[]): number[] | undefined {
    const reached = (this.#reached ??= new Uint32Array(this.#states.length));
    const step = (this.#steps = (this.#steps % 0xffffffff) + 1);
    const entered: number[] = [];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached[index] === step) continue;
      reached[index] = step;
      const state = this.#states[index];
      if (state?.kind === 'match') return undefined;
      if (state?.kind === 'split') for (const each of state.next) open.push(each);
      else if (state?.kind !== 'start') entered.push(index);
    }
    return entered;
  }

  #positionOf(from: readonly number[], isStart: boolean): Position {
    const states = this.#closure(from, isStart, false);
    const key = `${isStart ? '^' : ''}${states.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const position: Position = {
      states,
      matches: this.#hasMatch(states),
      matchesAtEnd: this.#hasMatch(this.#closure(from, isStart, true)),
      after: new Array<Position | undefined>(256).fill(undefined),
    };
    this.#known.set(key, position);
    return position;
  }

  /** All states that are reached without a byte, in ascending order. */
  #closure(from: readonly number[], isStart: boolean, isEnd: boolean): number[] {
    const seen = new Set<number>();
    const open = [...from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      const state = this.#states[index];
      if (state?.kind === 'split') open.push(...state.next);
      else if ((state?.kind === 'start' && isStart) || (state?.kind === 'end' && isEnd))
        open.push(state.next);
    }
    return [...seen].sort((a, b) => a - b);
  }

  #hasMatch(states: readonly number[]): boolean {
    return states.some((index) => this.#states[index]?.kind === 'match');
  }
}
