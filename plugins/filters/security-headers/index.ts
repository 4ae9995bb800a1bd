import type {
  FilterHooks,
  FilterRequest,
  FilterResponse,
  HttpFilterPlugin,
} from '../../../src/plugin-api/index.ts';
import { FRAMING_HEADERS } from '../../../src/plugin-api/values/http-syntax.ts';
import { SECURITY_HEADERS_SCHEMA, type HstsOptions, type SecurityHeadersOptions } from './options.ts';

const HSTS = 'Strict-Transport-Security';
const OFF = 'off';
/** What the lists of browsers ask for. Source: hstspreload.org. */
const PRELOAD_MS = 365 * 24 * 3_600_000;

/** Adds header fields that tell browsers to be careful, and removes those that tell about backends. */
export class SecurityHeaders implements FilterHooks {
  readonly #fields: readonly (readonly [string, string])[];
  readonly #hsts: string | undefined;
  readonly #removed: readonly string[];
  readonly #overrides: boolean;

  constructor(options: SecurityHeadersOptions) {
    this.#fields = fieldsOf(options);
    this.#hsts = options.hsts === undefined ? undefined : hstsOf(options.hsts);
    this.#removed = options.remove;
    this.#overrides = options.override;
  }

  response(response: FilterResponse, request: FilterRequest): undefined {
    for (const name of this.#removed) response.removeHeader(name);
    for (const [name, value] of this.#fields) this.#set(response, name, value);
    if (this.#hsts !== undefined && request.secure) this.#set(response, HSTS, this.#hsts);
    return undefined;
  }

  #set(response: FilterResponse, name: string, value: string): void {
    if (this.#overrides || response.header(name) === undefined) response.setHeader(name, value);
  }
}

function fieldsOf(options: SecurityHeadersOptions): readonly (readonly [string, string])[] {
  const values: Readonly<Record<string, string | undefined>> = {
    'X-Content-Type-Options': options.content_type_options ? 'nosniff' : OFF,
    'X-Frame-Options': options.frame_options,
    'Referrer-Policy': options.referrer_policy,
    'Content-Security-Policy': options.content_security_policy,
    'Permissions-Policy': options.permissions_policy,
    'Cross-Origin-Opener-Policy': options.cross_origin_opener_policy,
    'Cross-Origin-Resource-Policy': options.cross_origin_resource_policy,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === OFF ? [] : [[name, value] as const],
  );
}

function hstsOf({ max_age: ageMs, include_subdomains: hasSubdomains, preload }: HstsOptions): string {
  const age = `max-age=${String(Math.floor(ageMs / 1000))}`;
  return [age, ...(hasSubdomains ? ['includeSubDomains'] : []), ...(preload ? ['preload'] : [])].join('; ');
}

const PLUGIN: HttpFilterPlugin = {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'security-headers',
  configSchema: SECURITY_HEADERS_SCHEMA,
  optionsRules: {
    check(given, { error }) {
      const { hsts, remove } = given as SecurityHeadersOptions;
      if (hsts?.preload === true && (!hsts.include_subdomains || hsts.max_age < PRELOAD_MS))
        error(['hsts', 'preload'], 'needs include_subdomains: true and a max_age of 365d or more');
      const framing = remove.findIndex((name) => FRAMING_HEADERS.has(name.toLowerCase()));
      if (framing >= 0)
        error(['remove', framing], 'belongs to the connection: only the proxy itself writes it');
    },
  },
  provision: (options) => new SecurityHeaders(options as SecurityHeadersOptions),
};

export default PLUGIN;
