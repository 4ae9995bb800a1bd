import { BalanceError } from '../../../src/errors.ts';
import { durationText } from '../../../src/plugin-api/values/duration-text.ts';

/** What variables of a template stand for, for one exchange. */
export interface TemplateValues {
  readonly clientAddress: string;
  readonly requestId: string;
  readonly backendName: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly routeName: string;
  readonly elapsedMs: number;
}

type Variable = (values: TemplateValues) => string;

const VARIABLES: Readonly<Record<string, Variable>> = {
  duration: (values) => durationText(values.elapsedMs),
  client_ip: (values) => values.clientAddress,
  request_id: (values) => values.requestId,
  backend: (values) => values.backendName,
  host: (values) => values.host,
  method: (values) => values.method,
  path: (values) => values.path,
  route: (values) => values.routeName,
};

/** A text with `${variables}`, taken apart once. */
export class Template {
  /** True when the text can only be made once the backend is chosen. */
  readonly needsBackend: boolean;
  readonly #constant: string | undefined;
  readonly #parts: readonly (string | Variable)[];

  constructor(text: string) {
    const parts: (string | Variable)[] = [];
    let needsBackend = false;
    let at = 0;
    for (const match of text.matchAll(/\$\{([^}]*)\}/g)) {
      const name = match[1] ?? '';
      const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
      if (variable === undefined) {
        const known = Object.keys(VARIABLES).join(', ');
        throw new BalanceError('config_invalid', `unknown variable \${${name}}: known are ${known}`, {
          origin: 'config',
        });
      }
      if (match.index > at) parts.push(text.slice(at, match.index));
      parts.push(variable);
      if (name === 'backend') needsBackend = true;
      at = match.index + match[0].length;
    }
    if (at < text.length) parts.push(text.slice(at));
    this.#parts = parts;
    this.#constant = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
    this.needsBackend = needsBackend;
  }

  render(values: TemplateValues): string {
    if (this.#constant !== undefined) return this.#constant;
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : part(values);
    return text;
  }
}
