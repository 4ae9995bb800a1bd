import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

import type { Path } from '../config/problem.ts';
import { schemaMessage } from '../config/schema-message.ts';

/** Something in a listener's `options` that its plugin does not take. */
export interface OptionsProblem {
  /** From the options on. */
  readonly path: Path;
  readonly message: string;
}

/** Checks the `options` of listeners against the JSON Schema of their plugin. */
export class OptionsCheck {
  readonly #validate: ValidateFunction;

  /** Throws an Error when `schema` is no JSON Schema. */
  constructor(schema: object) {
    // A stranger's schema may use what this validator does not know: that is no reason to refuse it.
    const ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      strict: false,
      logger: false,
      useDefaults: true,
    });
    this.#validate = ajv.compile(schema);
  }

  /** Everything that is wrong with `options`. What is absent and has a default in the schema is filled in. */
  problems(options: unknown): readonly OptionsProblem[] {
    if (this.#validate(options)) return [];
    return (this.#validate.errors ?? []).map(problemOf);
  }
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
