import { BalanceError } from '../../../src/errors.ts';
import type { ProxyHeader, TlsSession } from '../../../src/plugin-api/index.ts';
import { durationText } from '../../../src/plugin-api/values/duration-text.ts';
import { fieldText } from '../../../src/plugin-api/values/http-syntax.ts';

/** The values of a template's variables for one exchange. */
export interface TemplateValues {
  readonly clientAddress: string;
  readonly requestId: string;
  readonly backendName: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly routeName: string;
  readonly elapsedMs: number;
  /** undefined when the client's connection is not encrypted: then the variables about TLS are empty. */
  readonly tls: TlsSession | undefined;
  /** undefined when the connection did not begin with a PROXY header: then the variables about it are empty. */
  readonly proxy: ProxyHeader | undefined;
}

/** The value of a variable for one exchange. */
export type Variable<V extends TemplateValues = TemplateValues> = (values: V) => string;

const VARIABLES: Readonly<Record<string, Variable>> = {
  duration: (values) => durationText(values.elapsedMs),
  client_ip: (values) => values.clientAddress,
  request_id: (values) => values.requestId,
  backend: (values) => values.backendName,
  host: (values) => values.host,
  method: (values) => values.method,
  path: (values) => values.path,
  route: (values) => values.routeName,
  tls_version: ({ tls }) => tls?.version ?? '',
  tls_cipher: ({ tls }) => tls?.cipher ?? '',
  tls_sni: ({ tls }) => fieldText(tls?.sni ?? ''),
  tls_alpn: ({ tls }) => fieldText(tls?.alpn ?? ''),
  tls_resumed: ({ tls }) => (tls === undefined ? '' : String(tls.resumed)),
  tls_client_subject: ({ tls }) => fieldText(tls?.certificate?.subject ?? ''),
  tls_client_fingerprint: ({ tls }) => tls?.certificate?.fingerprint256 ?? '',
  proxy_ip: ({ proxy }) => proxy?.sender.address ?? '',
  proxy_authority: ({ proxy }) => fieldText(proxy?.authority ?? ''),
  proxy_unique_id: ({ proxy }) => fieldText(proxy?.uniqueId?.toString('latin1') ?? ''),
  proxy_tls_version: ({ proxy }) => fieldText(proxy?.ssl?.version ?? ''),
  proxy_tls_cipher: ({ proxy }) => fieldText(proxy?.ssl?.cipher ?? ''),
  proxy_client_name: ({ proxy }) => fieldText(proxy?.ssl?.commonName ?? ''),
};

/** The names that may stand in `${}`. */
export const TEMPLATE_VARIABLES: readonly string[] = Object.keys(VARIABLES);

/**
 * What is wrong with the variables of a text, as a sentence whose subject is the key in the config; undefined when nothing is wrong.
 *
 * @param more names that may be used beside {@link TEMPLATE_VARIABLES}
 */
export function templateFault(
  text: string,
  didYouMean: (word: string, candidates: Iterable<string>) => string,
  more: readonly string[] = [],
): string | undefined {
  const known = [...more, ...TEMPLATE_VARIABLES];
  for (const [, name = '', close] of text.matchAll(/\$\{([^}]*)(\}?)/g)) {
    if (close === '') return 'must close each ${ with a }';
    if (known.includes(name)) continue;
    const list = known.map((variable) => `\${${variable}}`).join(' ');
    return `must use no other variables than ${list}${didYouMean(name, known)}`;
  }
  return undefined;
}

/** A text with `${variables}`, parsed once and rendered for each exchange. */
export class Template<V extends TemplateValues = TemplateValues> {
  /** True when the text can only be rendered after a backend was chosen. */
  readonly needsBackend: boolean;
  readonly #constant: string | undefined;
  readonly #parts: readonly (string | Variable<V>)[];

  private constructor(parts: readonly (string | Variable<V>)[], needsBackend: boolean) {
    this.#parts = parts;
    this.#constant = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
    this.needsBackend = needsBackend;
  }

  /** A text without variables: `${…}` in it stays as it is. */
  static literal(text: string): Template {
    return new Template([text], false);
  }

  /**
   * @param more variables beside those that every template may use
   * @throws BalanceError `config_invalid` for an unknown variable
   */
  static parse<V extends TemplateValues = TemplateValues>(
    text: string,
    more: Readonly<Record<string, Variable<V>>> = {},
  ): Template<V> {
    const variables: Readonly<Record<string, Variable<V>>> = { ...VARIABLES, ...more };
    const parts: (string | Variable<V>)[] = [];
    let needsBackend = false;
    let at = 0;
    for (const match of text.matchAll(/\$\{([^}]*)\}/g)) {
      const name = match[1] ?? '';
      const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (variable === undefined) {
        const known = Object.keys(variables).join(', ');
        throw new BalanceError('config_invalid', `unknown variable \${${name}}: known are ${known}`);
      }
      if (match.index > at) parts.push(text.slice(at, match.index));
      parts.push(variable);
      if (name === 'backend') needsBackend = true;
      at = match.index + match[0].length;
    }
    if (at < text.length) parts.push(text.slice(at));
    return new Template(parts, needsBackend);
  }

  render(values: V): string {
    if (this.#constant !== undefined) return this.#constant;
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : part(values);
    return text;
  }
}
