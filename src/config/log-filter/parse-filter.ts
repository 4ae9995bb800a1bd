import { closest } from '../problems/closest.ts';
import { parseDurationMs, parseSizeBytes } from '../values/units.ts';
import { FILTER_FIELDS, type FilterField } from './filter-fields.ts';
import type { Comparison, FilterExpression } from './filter-expression.ts';
import { FilterError, filterTokens, type FilterToken } from './filter-tokens.ts';

const MAX_LENGTH = 4096;
const MAX_DEPTH = 50;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['=', '=='],
  ['==', '=='],
  ['!=', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['contains', 'contains'],
  ['starts_with', 'starts_with'],
  ['ends_with', 'ends_with'],
]);
const FOR_TEXTS: ReadonlySet<Comparison> = new Set(['contains', 'starts_with', 'ends_with']);
const FOR_ORDER: ReadonlySet<Comparison> = new Set(['<', '<=', '>', '>=']);
const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', '&&', '||', '!']);

export interface FilterOptions {
  /** Whether fields that access lines do not have are allowed as well. Default: false. */
  readonly anyField?: boolean;
}

/**
 * Parses a filter such as `status >= 500 or (duration > 1s and not path starts_with /live)`. Throws a FilterError, whose message is worded
 * to follow the name of the setting that holds the filter.
 */
export function parseFilter(filter: string, options: FilterOptions = {}): FilterExpression {
  if (filter.length > MAX_LENGTH) throw new FilterError('is too long', MAX_LENGTH + 1);
  return new FilterParser(filter, options.anyField === true).parse();
}

/** `or` binds less tightly than `and`, and `and` less tightly than `not`. */
class FilterParser {
  readonly #tokens: readonly FilterToken[];
  readonly #end: FilterToken;
  readonly #anyField: boolean;
  #next = 0;
  #depth = 0;

  constructor(filter: string, anyField: boolean) {
    this.#tokens = filterTokens(filter);
    this.#end = { kind: 'end', text: '', at: filter.length + 1 };
    this.#anyField = anyField;
  }

  parse(): FilterExpression {
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw new FilterError('needs "and" or "or"', rest.at);
    return expression;
  }

  #or(): FilterExpression {
    let left = this.#and();
    while (this.#takes('or', '||')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): FilterExpression {
    let left = this.#not();
    while (this.#takes('and', '&&')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): FilterExpression {
    const { at } = this.#peek();
    if (++this.#depth > MAX_DEPTH) throw new FilterError('is nested too deeply', at);
    try {
      if (this.#takes('not', '!')) return { kind: 'not', of: this.#not() };
      if (!this.#takes('(')) return this.#comparison();
      const inner = this.#or();
      this.#expect(')');
      return inner;
    } finally {
      this.#depth -= 1;
    }
  }

  #comparison(): FilterExpression {
    const token = this.#take();
    if (token.kind !== 'word' || KEYWORDS.has(token.text.toLowerCase()))
      throw new FilterError('needs the name of a field', token.at);
    const known = this.#field(token);
    if (this.#takes('in')) return { kind: 'in', field: known.field, values: this.#list(known) };
    const operator = this.#peek();
    const comparison = operator.kind === 'text' ? undefined : COMPARISONS.get(operator.text.toLowerCase());
    if (comparison === undefined) {
      if (known.kind === 'text' || known.kind === 'any') return { kind: 'present', field: known.field };
      throw new FilterError('needs a comparison such as >=', operator.at);
    }
    this.#take();
    if (known.kind === 'text' && FOR_ORDER.has(comparison)) {
      const hint = '; texts can be compared with ==, !=, in, contains, starts_with and ends_with';
      throw new FilterError('compares the order of texts', operator.at, hint);
    }
    if (known.kind !== 'text' && known.kind !== 'any' && FOR_TEXTS.has(comparison))
      throw new FilterError('searches for text in a field that is no text', operator.at);
    return { kind: 'compare', field: known.field, comparison, value: this.#value(known) };
  }

  #field({ text, at }: FilterToken): FilterField {
    const known = FILTER_FIELDS.get(text);
    if (known !== undefined) return known;
    if (this.#anyField) return { field: text, kind: 'any' };
    const near = closest(text, [...FILTER_FIELDS.keys()]);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new FilterError('has an unknown field', at, hint);
  }

  #list(known: FilterField): (string | number)[] {
    this.#expect('(');
    const values = [this.#value(known)];
    while (this.#takes(',')) values.push(this.#value(known));
    this.#expect(')');
    return values;
  }

  #value({ kind }: FilterField): string | number {
    const token = this.#take();
    if (token.kind !== 'word' && token.kind !== 'text') throw new FilterError('needs a value', token.at);
    switch (kind) {
      case 'text':
      case 'any':
        return token.text;
      case 'number':
        return /^-?\d+(\.\d+)?$/.test(token.text)
          ? Number(token.text)
          : mistake('needs a number such as 500', token);
      case 'duration':
        return parsed(parseDurationMs, 'needs a duration with its unit, such as 1s or 150ms,', token);
      case 'size':
        return /^\d+$/.test(token.text)
          ? Number(token.text)
          : parsed(parseSizeBytes, 'needs a size such as 512 or 10MB', token);
    }
  }

  #peek(): FilterToken {
    return this.#tokens[this.#next] ?? this.#end;
  }

  #take(): FilterToken {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  /** Consumes the next token when it is one of these. */
  #takes(...spellings: readonly string[]): boolean {
    const token = this.#peek();
    if (token.kind === 'text' || token.kind === 'end' || !spellings.includes(token.text.toLowerCase()))
      return false;
    this.#next += 1;
    return true;
  }

  #expect(symbol: string): void {
    const { at } = this.#peek();
    if (!this.#takes(symbol)) throw new FilterError(`needs ${symbol}`, at);
  }
}

function parsed(parse: (text: string) => number, problem: string, token: FilterToken): number {
  try {
    return parse(token.text);
  } catch {
    return mistake(problem, token);
  }
}

function mistake(problem: string, { at }: FilterToken): never {
  throw new FilterError(problem, at);
}
