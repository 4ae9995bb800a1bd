import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FORMATS } from './formats.ts';
import type { Path } from '../problems/problem.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { schemaMessage } from './schema-message.ts';

export interface SchemaFinding {
  readonly path: Path;
  /** Whether the key itself is wrong, or its value. */
  readonly at: 'key' | 'value';
  readonly message: string;
  /** The schema keyword that is violated. */
  readonly keyword: string;
}

/** Checks values against one part of the schema and gives all violations, in plain words. */
export class SchemaCheck {
  readonly #validate: ValidateFunction;

  /** @param part JSON pointer to the part of the schema; '' for a whole config file. */
  constructor(part = '') {
    const ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      strict: true,
      strictRequired: false,
      allowUnionTypes: true,
      // A process checks a config or two, so the validator must be made quickly rather than run quickly. A test holds that the schema is valid.
      code: { optimize: false },
      validateSchema: false,
      meta: false,
    });
    for (const [name, format] of Object.entries(FORMATS)) {
      ajv.addFormat(name, (text: string) => failureOf(() => format.parse(text)) === undefined);
    }
    // Keywords for other parts of this program: `x-file` marks the name of a file, `x-secret` a value that is never shown.
    ajv.addVocabulary(['x-file', 'x-secret']);
    ajv.addSchema(CONFIG_SCHEMA, 'config');
    this.#validate = ajv.compile({ $ref: `config#${part}` });
  }

  findings(value: unknown): readonly SchemaFinding[] {
    if (this.#validate(value)) return [];
    const byPath = new Map<string, SchemaFinding>();
    for (const error of this.#validate.errors ?? []) {
      // These two only say that something inside of them is violated, which has an error of its own.
      if (error.keyword === 'if' || error.keyword === 'propertyNames') continue;
      const finding = findingOf(error, value);
      const key = JSON.stringify([finding.path, finding.keyword === 'required' ? finding.message : '']);
      // Only the first violation of a value is reported: it is the most basic one.
      if (!byPath.has(key)) byPath.set(key, finding);
    }
    return [...byPath.values()];
  }
}

/** What a format's parser throws, or undefined. */
export function failureOf(parse: () => unknown): unknown {
  try {
    parse();
    return undefined;
  } catch (thrown) {
    return thrown ?? new Error('failed');
  }
}

function findingOf(error: ErrorObject, root: unknown): SchemaFinding {
  const path = pathOf(error.instancePath, root);
  const { keyword } = error;
  const message = schemaMessage(error);
  const params = error.params as Record<string, unknown>;
  if (keyword === 'additionalProperties') {
    return { path: [...path, String(params['additionalProperty'])], at: 'key', message, keyword };
  }
  if (keyword === 'dependentRequired') {
    return { path: [...path, String(params['property'])], at: 'key', message, keyword };
  }
  if (error.propertyName !== undefined) {
    return { path: [...path, error.propertyName], at: 'key', message, keyword };
  }
  return { path, at: keyword === 'false schema' ? 'key' : 'value', message, keyword };
}

/** A JSON pointer as a path: a part is an index where the value there is a list. */
function pathOf(pointer: string, root: unknown): Path {
  const path: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}
