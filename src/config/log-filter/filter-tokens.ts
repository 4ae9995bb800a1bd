/** A token of a filter. */
export interface FilterToken {
  /** The last token has the kind `end`. */
  readonly kind: 'word' | 'text' | 'symbol' | 'end';
  /** The text of the token; of the kind `text`, without its quotes and escapes. */
  readonly text: string;
  /** The character at which the token begins, counted from 1. */
  readonly at: number;
}

/** What is wrong with a filter; worded to follow the name of the setting that holds it. */
export class FilterError extends Error {
  /** @param at the character, counted from 1 */
  constructor(problem: string, at: number, hint = '') {
    super(`${problem} at character ${at}${hint}`);
    this.name = 'FilterError';
  }
}

const SPACE = /\s+/y;
const SYMBOL = /==|!=|<=|>=|&&|\|\||[=<>!(),]/y;
const WORD = /[^\s()'",=!<>&|]+/y;
const TEXT = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy;

/** Splits a filter into tokens. Throws a FilterError. */
export function filterTokens(filter: string): FilterToken[] {
  const tokens: FilterToken[] = [];
  let index = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = index;
    return pattern.exec(filter);
  };
  while (index < filter.length) {
    const at = index + 1;
    const text = match(TEXT);
    const word = text ?? match(WORD);
    const symbol = word ?? match(SYMBOL);
    const found = symbol ?? match(SPACE);
    if (found === null) {
      const quote = /['"]/.test(filter.charAt(index));
      throw new FilterError(quote ? 'has a quote that is not closed' : 'has an unexpected character', at);
    }
    index += found[0].length;
    if (text !== null) {
      tokens.push({ kind: 'text', text: (text[1] ?? text[2] ?? '').replace(/\\(.)/gs, '$1'), at });
    } else if (word !== null) tokens.push({ kind: 'word', text: word[0], at });
    else if (symbol !== null) tokens.push({ kind: 'symbol', text: symbol[0], at });
  }
  return [...tokens, { kind: 'end', text: '', at: filter.length + 1 }];
}
