import type { CST, Document, ParsedNode } from 'yaml';
import { Composer, Lexer, LineCounter, Parser, isScalar } from 'yaml';
import { yamlFault } from '../problems/yaml-fault.ts';

/** Deeper than any real config. Thousands of levels would overflow the stack and end the process. */
const MAX_DEPTH = 50;
const LEXER_MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);

export interface ParsedSource {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** What is wrong with the text as YAML, with offsets. Empty when the text can be used. */
  readonly faults: readonly SourceFault[];
  /** Whether the document holds nothing, or nothing but comments. */
  readonly empty: boolean;
}

export interface SourceFault {
  /** Counted in characters from the start of the text. */
  readonly offset: number;
  readonly message: string;
}

/**
 * Parses one YAML 1.2 document with the core schema and merge keys. What could silently mean something else than it seems to (several
 * documents, YAML 1.1, tags of other programs) is a fault.
 */
export function parseSource(text: string): ParsedSource {
  const lines = new LineCounter();
  if (flowDepth(text) > MAX_DEPTH) return tooDeep(lines);
  const unquoted = unquotedVariables(text);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (tokenDepth(tokens) > MAX_DEPTH) return tooDeep(lines);
  const documents = [...compose(tokens, text.length)];
  const document = documents[0] ?? emptyDocument();
  // A variable without quotes causes all other faults, so it alone is reported.
  const faults =
    unquoted.length > 0 ? unquoted : [...yamlFaults(document, text), ...yamlVersionFaults(document)];
  const second = documents[1];
  if (second !== undefined) {
    faults.push({ offset: second.range[0], message: 'must hold one YAML document, not several' });
  }
  return { document, lines, faults, empty: isEmpty(document.contents) };
}

function compose(tokens: Iterable<CST.Token>, length: number): Iterable<Document.Parsed> {
  const composer = new Composer({
    schema: 'core',
    merge: true,
    resolveKnownTags: false,
    prettyErrors: false,
    // `inspectNodes` finds keys that are given twice, and knows their paths and the line of the first one.
    uniqueKeys: false,
  });
  return composer.compose(tokens, true, length) as Iterable<Document.Parsed>;
}

function emptyDocument(): Document.Parsed {
  const [document] = compose([], 0);
  if (document === undefined) throw new Error('the YAML composer gave no document');
  return document;
}

function isEmpty(contents: ParsedNode | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function yamlFaults(document: Document.Parsed, text: string): SourceFault[] {
  return [...document.errors, ...document.warnings].map((fault) => ({
    offset: fault.pos[0],
    message: yamlFault(fault, text),
  }));
}

/** In YAML 1.1 `on` and `yes` would mean true, and 0777 another number. */
function yamlVersionFaults(document: Document.Parsed): SourceFault[] {
  if (document.directives.yaml.version === '1.2') return [];
  return [{ offset: 0, message: 'must be YAML 1.2: take out the %YAML directive' }];
}

/** Finds each `${env:X}` without quotes inside of `{ }` or `[ ]`: there its brace begins a mapping. */
function unquotedVariables(text: string): SourceFault[] {
  const faults: SourceFault[] = [];
  let depth = 0;
  let offset = 0;
  let before = '';
  for (const token of text.includes('${env:') ? new Lexer().lex(text) : []) {
    // The lexer adds marks that are no part of the text.
    if (LEXER_MARKS.has(token)) continue;
    if (depth > 0 && token === '{' && before.endsWith('$') && text.startsWith('{env:', offset)) {
      const [variable = ''] = /^\{env:[^}\s]*\}?/.exec(text.slice(offset)) ?? [];
      const message = `must be in quotes inside of { } and [ ]: "${before}${variable}"`;
      faults.push({ offset: offset - before.length, message });
    }
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    before = token;
    offset += token.length;
  }
  return faults;
}

function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > deepest) deepest = depth;
    if (deepest > MAX_DEPTH) break;
  }
  return deepest;
}

function tokenDepth(tokens: readonly CST.Token[]): number {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  let deepest = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > deepest) deepest = depth;
    if (token.type === 'document' && token.value !== undefined) open.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const item of token.items) {
      for (const inner of [item.key, item.value]) {
        if (inner !== undefined && inner !== null) open.push({ token: inner, depth: depth + 1 });
      }
    }
  }
  return deepest;
}

function tooDeep(lines: LineCounter): ParsedSource {
  return {
    document: emptyDocument(),
    lines,
    faults: [{ offset: 0, message: `must not be nested deeper than ${MAX_DEPTH} levels` }],
    empty: false,
  };
}
