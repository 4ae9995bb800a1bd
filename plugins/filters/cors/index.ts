import type { Answer, FilterHooks, FilterRequest, HttpFilterPlugin } from '../../../src/plugin-api/index.ts';
import { varyBy } from '../../../src/plugin-api/values/vary-by.ts';
import { CORS_SCHEMA, type CorsOptions } from './options.ts';

const ANY = '*';

/** Answers preflight requests of browsers, and tells browsers which sites may read responses (the CORS protocol of the Fetch standard). */
export class Cors implements FilterHooks {
  readonly #options: CorsOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #suffixes: readonly { readonly scheme: string; readonly domain: string }[];
  readonly #takesAll: boolean;
  readonly #preflightHeaders: Readonly<Record<string, string>>;

  constructor(options: CorsOptions) {
    this.#options = options;
    const origins = options.origins.map((origin) => origin.toLowerCase());
    this.#takesAll = origins.includes(ANY);
    this.#origins = new Set(origins);
    this.#suffixes = origins.filter((origin) => origin.includes('://*.')).map(suffixOf);
    const { methods, max_age: ageMs } = options;
    this.#preflightHeaders = {
      'Access-Control-Allow-Methods': methods.join(', '),
      'Access-Control-Max-Age': String(Math.floor(ageMs / 1000)),
    };
  }

  request(request: FilterRequest): Answer | undefined {
    if (request.method !== 'OPTIONS' || request.header('access-control-request-method') === undefined)
      return undefined;
    if (request.header('origin') === undefined) return undefined;
    const wanted = request.header('access-control-request-headers');
    const { headers } = this.#options;
    const allowed = headers.includes(ANY) ? wanted : headers.join(', ');
    return {
      status: 204,
      headers: {
        ...this.#preflightHeaders,
        ...(allowed === undefined || allowed === '' ? {} : { 'Access-Control-Allow-Headers': allowed }),
        Vary: 'Access-Control-Request-Method, Access-Control-Request-Headers',
      },
    };
  }

  response(...[response, request]: Parameters<NonNullable<FilterHooks['response']>>): undefined {
    const { credentials, expose } = this.#options;
    // What the backend says about other sites does not count beside these rules.
    response.removeHeader('Access-Control-Allow-Origin');
    response.removeHeader('Access-Control-Allow-Credentials');
    const isOpen = this.#takesAll && !credentials;
    if (!isOpen) varyBy(response, 'Origin');
    const origin = request.header('origin');
    if (origin === undefined || !this.#takes(origin)) return undefined;
    response.setHeader('Access-Control-Allow-Origin', isOpen ? ANY : origin);
    if (credentials) response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (expose.length > 0) response.setHeader('Access-Control-Expose-Headers', expose.join(', '));
    return undefined;
  }

  #takes(origin: string): boolean {
    const name = origin.toLowerCase();
    if (this.#takesAll || this.#origins.has(name)) return true;
    return this.#suffixes.some(
      ({ scheme, domain }) =>
        name.startsWith(scheme) && name.endsWith(domain) && name.length > scheme.length + domain.length,
    );
  }
}

/** `https://*.a.test` as what an origin begins and ends with. */
function suffixOf(origin: string): { readonly scheme: string; readonly domain: string } {
  const [scheme = '', domain = ''] = origin.split('*');
  return { scheme, domain };
}

const PLUGIN: HttpFilterPlugin = {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'cors',
  configSchema: CORS_SCHEMA,
  optionsRules: {
    check(given, { error }) {
      const { origins, credentials } = given as CorsOptions;
      const any = origins.indexOf(ANY);
      if (credentials && any >= 0)
        error(['origins', any], "can't be * together with credentials: any site could act for its visitors");
    },
  },
  provision: (options) => new Cors(options as CorsOptions),
};

export default PLUGIN;
