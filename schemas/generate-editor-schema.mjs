/**
 * Derives the schema for editors from that of the loader. The loader checks values after it has filled in the environment, and
 * knows formats that editors don't: here each value may be a variable, and each format is a pattern.
 */
import { format } from 'prettier';
import { editorFormats } from './editor-formats.mjs';

const NAME_AND_END = '[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\\}';
const VARIABLE = `\\$\\{env:${NAME_AND_END}`;
/** Nothing but a variable, as for numbers. */
const ONLY_A_VARIABLE = `^${VARIABLE}$`;
const NOTHING_MALFORMED = `(?![\\s\\S]*\\$\\{env:(?!${NAME_AND_END}))`;
const WITH_A_VARIABLE = `(?=[\\s\\S]*${VARIABLE})`;

const WORDS = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
};
const MALFORMED = 'variables have the form ${env:NAME} or ${env:NAME:-default}';
/** Notes for other readers of the schema. */
const MARKS = ['x-file', 'x-secret', 'format'];

export async function generateEditorSchema(schema) {
  const formats = editorFormats(schema.$defs.loadBalancer.properties.algorithm.examples);
  // The shape that all forms of a file are turned into, which no file has.
  const definitions = Object.fromEntries(Object.entries(schema.$defs).filter(([name]) => name !== 'config'));
  const editors = new EditorSchema(formats).of({ ...schema, $defs: definitions });
  const comment =
    'For editors, generated from config.schema.json by `npm run generate`. What one value alone can not tell, such as names that do not exist, `balance validate` says.';
  return format(JSON.stringify({ $schema: schema.$schema, ...editors, $comment: comment }), {
    parser: 'json',
    printWidth: 110,
  });
}

class EditorSchema {
  #formats;

  constructor(formats) {
    this.#formats = formats;
  }

  of(node, isKey = false) {
    if (typeof node !== 'object') return node;
    const result = {};
    for (const [keyword, value] of Object.entries(node)) {
      if (MARKS.includes(keyword)) continue;
      result[keyword] = this.#keyword(keyword, value);
    }
    return { ...result, ...this.#scalar(node, isKey) };
  }

  #keyword(keyword, value) {
    switch (keyword) {
      case 'properties':
      case '$defs':
      case 'dependentSchemas':
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.of(inner)]));
      case 'items':
      case 'additionalProperties':
      case 'then':
        return this.of(value);
      case 'propertyNames':
        return this.of(value, true);
      default:
        return value;
    }
  }

  /** What a value that is no list and no mapping may be; keys hold no variables. */
  #scalar(node, isKey) {
    const { type, enum: words, const: word } = node;
    const types = type === undefined ? [] : [type].flat();
    if (words !== undefined || word !== undefined) return this.#choice(node);
    if (types.includes('string')) return this.#text(node, isKey);
    const plain = types.find((name) => ['integer', 'number', 'boolean'].includes(name));
    if (plain === undefined) return {};
    const wanted = types.map((name) => WORDS[name]).join(' or ');
    return {
      type: [...types, 'string'],
      pattern: ONLY_A_VARIABLE,
      patternErrorMessage: `must be ${wanted}, or a variable such as \${env:NAME}`,
    };
  }

  #choice({ enum: words, const: word }) {
    const choice = words === undefined ? { const: word } : { enum: words };
    const variable = { type: 'string', pattern: `^${NOTHING_MALFORMED}${WITH_A_VARIABLE}` };
    return { enum: undefined, const: undefined, anyOf: [choice, variable] };
  }

  #text(node, isKey) {
    const own = this.#pattern(node);
    if (isKey) return own === undefined ? {} : { pattern: `^(?:${own.pattern})$` };
    if (own === undefined) return { pattern: `^${NOTHING_MALFORMED}`, patternErrorMessage: MALFORMED };
    return {
      // A variable may be shorter than its value.
      minLength: undefined,
      pattern: `^${NOTHING_MALFORMED}(?:(?:${own.pattern})$|${WITH_A_VARIABLE})`,
      patternErrorMessage: own.expected === undefined ? undefined : `must be ${own.expected}`,
    };
  }

  #pattern({ format: name, pattern, minLength = 0 }) {
    if (name === undefined) {
      if (pattern === undefined) {
        if (minLength <= 1) return undefined;
        return { pattern: `[\\s\\S]{${minLength},}`, expected: `at least ${minLength} characters` };
      }
      return { pattern: `(?:${pattern.replace(/^\^/, '').replace(/\$$/, '')})` };
    }
    const known = this.#formats[name];
    if (known === undefined)
      throw new Error(`schemas/editor-formats.mjs has no pattern for the format ${name}`);
    return known;
  }
}
