import type { ProtocolPlugin } from '../../src/plugin-api/index.ts';
import { NO_FILTERS, type RouteFilters } from './filters/filter-chain.ts';
import { makeHttpParts } from './http-parts.ts';
import { HttpInstance, type HttpParts } from './instance/http-instance.ts';
import type { HttpOptions } from './config/schema/options.generated.ts';
import optionsRules from './config/options-rules.ts';

/** HTTP/1.1 and 1.0: parses heads, routes each request, and streams bodies. */
export class HttpPlugin implements ProtocolPlugin {
  readonly apiVersion = 2;
  readonly name = 'http';
  readonly optionsRules = optionsRules;
  readonly #filtersOf: RouteFilters;
  #parts: HttpParts | undefined;

  /** @param filtersOf returns the filters of each route. Default: no filters, because the config has no key for them yet. */
  constructor(filtersOf: RouteFilters = NO_FILTERS) {
    this.#filtersOf = filtersOf;
  }

  provision(config: unknown, host: ConstructorParameters<typeof HttpInstance>[1]): HttpInstance {
    this.#parts ??= makeHttpParts(this.#filtersOf);
    // The core has checked built-in options against the config's schema.
    return new HttpInstance(config as HttpOptions, host, this.#parts);
  }
}

export default new HttpPlugin();
