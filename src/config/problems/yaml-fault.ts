import type { YAMLError } from 'yaml';

const QUOTE_IT = 'put the value in quotes';
/** Signs that editors and word processors put in the place of plain blanks. */
const ODD_SPACE = /[\u00a0\u2000-\u200b\u202f\u3000\ufeff]/u;

/** Says in plain words what is wrong with a text as YAML, and what to do. `text` is the whole of it. */
export function yamlFault({ code, message, pos: [offset] }: YAMLError, text: string): string {
  const odd = oddSpaceHint(text, offset);
  if (odd !== '') return odd;
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'has a tab in its indentation: YAML takes spaces only';
    case 'BAD_SCALAR_START':
      return `begins with ${text[offset] ?? ''}, which has a meaning of its own in YAML: ${QUOTE_IT}`;
    case 'MISSING_CHAR':
      return missingCharacter(message);
    case 'BLOCK_IN_FLOW':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return `has a second ": " where a value stands: ${QUOTE_IT}, or give the inner keys lines of their own`;
    case 'BAD_INDENT':
      return /\{|\[|flow/i.test(message)
        ? 'is inside of a { or [ that is not closed: close it, and mind that # begins a comment outside of quotes'
        : `is indented in another way than its neighbours (${message})`;
    case 'UNEXPECTED_TOKEN':
      return `has a bracket or sign where none can be (${message}): close what is open, or ${QUOTE_IT}`;
    case 'MULTILINE_IMPLICIT_KEY':
      return 'is a key over several lines: is a ":" or a blank after it missing?';
    default:
      return `is not valid here: ${message}`;
  }
}

function missingCharacter(message: string): string {
  if (message.includes('quote')) return 'follows a quote that is not closed: close it in the same line';
  if (message.includes('- indicator'))
    return 'is neither an item that begins with "- " nor in line with the keys of the item above: mind the indentation';
  if (message.includes(': ') || message.includes('map'))
    return `lacks a ":" with a blank behind it (${message})`;
  return `is not valid here: ${message}`;
}

function oddSpaceHint(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return oddSpaceIn(text.slice(start, end < 0 ? text.length : end));
}

/** A blank that is none looks right and breaks the line that it stands in. '' where a text has none. */
export function oddSpaceIn(text: string): string {
  const odd = ODD_SPACE.exec(text)?.[0];
  if (odd === undefined) return '';
  const code = odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
  return `has a special blank (U+${code}) in its line, which is no space for YAML: type a plain space instead`;
}
