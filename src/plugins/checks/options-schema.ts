import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { DataValidateFunction } from 'ajv/dist/types/index.js';

import { suggestion } from '../../config/problems/closest.ts';
import { FORMATS } from '../../config/schema/formats.ts';
import type { Path } from '../../config/problems/problem.ts';
import { schemaMessage } from '../../config/schema/schema-message.ts';
import { messageOf } from '../../errors.ts';

/** A value in a listener's `options` that the schema of its plugin refuses. */
export interface OptionsProblem {
  /** The path in the options. */
  readonly path: Path;
  readonly message: string;
}

/** Checks the `options` of listeners against the JSON Schema of their plugin. */
export class OptionsSchema {
  readonly #validate: ValidateFunction;

  /**
   * Throws an Error when `schema` is no JSON Schema, or names a `format` that is not one of the config's own.
   *
   * @param isTrusted whether it is known to be a JSON Schema. To check that takes four times as long as all the rest. Default: false
   */
  constructor(schema: object, isTrusted = false) {
    // A stranger's schema may use keywords that this validator does not know: that is no reason to refuse it. With a format it
    // is, as options that look checked and are not would reach the plugin.
    const ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      strict: false,
      logger: false,
      useDefaults: true,
      validateSchema: !isTrusted,
    });
    ajv.removeKeyword('format');
    ajv.addKeyword({
      keyword: 'format',
      type: 'string',
      modifying: true,
      errors: true,
      compile: (format: unknown, _parent, { schemaEnv }) => {
        const { schema: root } = schemaEnv.root;
        const isMetaSchema = typeof root === 'object' && String(root['$id']).startsWith(META_SCHEMAS);
        return isMetaSchema ? () => true : formatCheck(format);
      },
    });
    this.#validate = ajv.compile(schema);
  }

  /**
   * Everything that is wrong with `options`. What is absent and has a default in the schema is filled in, and texts of formats
   * that stand for numbers become these: milliseconds and bytes.
   */
  problems(options: unknown): readonly OptionsProblem[] {
    if (this.#validate(options)) return [];
    return (this.#validate.errors ?? []).map(problemOf);
  }
}

const META_SCHEMAS = 'https://json-schema.org/';

/** Reads texts as the config does with that format. Throws an Error when there is no such format. */
function formatCheck(name: unknown): DataValidateFunction {
  const format = typeof name === 'string' && Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) throw new Error(unknownFormat(String(name)));
  const check: DataValidateFunction = (text: string, context) => {
    try {
      const value = format.parse(text);
      if (context !== undefined && format.print !== undefined)
        (context.parentData as Record<string | number, unknown>)[context.parentDataProperty] = value;
      return true;
    } catch (error) {
      check.errors = [{ keyword: 'format', params: { format: name }, message: messageOf(error) }];
      return false;
    }
  };
  return check;
}

function unknownFormat(name: string): string {
  const known = Object.keys(FORMATS);
  const hint = suggestion(name, known) || `; known: ${known.join(', ')}.`;
  return `format ${JSON.stringify(name)} is unknown${hint} For another form use pattern`;
}

function problemOf(error: ErrorObject): OptionsProblem {
  const path = error.instancePath.split('/').slice(1).map(partOf);
  if (error.keyword === 'additionalProperties') path.push(String(error.params['additionalProperty']));
  return { path, message: schemaMessage(error) };
}

function partOf(text: string): string | number {
  const key = text.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(key) ? Number(key) : key;
}
