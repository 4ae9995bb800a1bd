import type { YAMLError } from 'yaml';

const QUOTE_IT = 'put the value in quotes';
/** Special space characters that editors and word processors insert instead of plain spaces. */
const ODD_SPACE = /[\u00a0\u2000-\u200b\u202f\u3000\ufeff]/u;

/** Says in plain words what is wrong with the YAML, and what to do. `text` is the whole file. */
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
      return `has a second ": " in one value: ${QUOTE_IT}, or write the inner keys on lines of their own`;
    case 'BAD_INDENT':
      return /\{|\[|flow/i.test(message)
        ? 'is inside of a { or [ that is not closed: close it (outside of quotes, # begins a comment)'
        : `is not indented like the lines around it (${message})`;
    case 'UNEXPECTED_TOKEN':
      return `has a bracket or another character that is not allowed here (${message}): close the bracket or quote before it, or ${QUOTE_IT}`;
    case 'MULTILINE_IMPLICIT_KEY':
      return 'is a key over several lines: is a ":" missing, or the space after it?';
    default:
      return `is not valid here: ${message}`;
  }
}

function missingCharacter(message: string): string {
  if (message.includes('quote')) return 'follows a quote that is not closed: close it on the same line';
  if (message.includes('- indicator'))
    return 'is neither an item that begins with "- " nor indented like the keys of the item above: check the indentation';
  if (message.includes(': ') || message.includes('map'))
    return `lacks a ":" with a space after it (${message})`;
  return `is not valid here: ${message}`;
}

function oddSpaceHint(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return oddSpaceIn(text.slice(start, end < 0 ? text.length : end));
}

/** A message for a text with a special space, which looks like a plain one but is none for YAML; '' when the text has none. */
export function oddSpaceIn(text: string): string {
  const odd = ODD_SPACE.exec(text)?.[0];
  if (odd === undefined) return '';
  const code = odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
  return `has a special space character (U+${code}) in its line, which is no space for YAML: type a plain space instead`;
}
