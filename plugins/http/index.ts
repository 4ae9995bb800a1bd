import type { ProtocolHost, ProtocolPlugin } from '../../src/plugin-api/index.ts';
import optionsRules from './config/options-rules.ts';
import type { HttpOptions } from './config/schema/options.generated.ts';
import { NO_FILTERS, type RouteFilters } from './filters/filter-chain.ts';
import { ListenerFilters } from './filters/host/listener-filters.ts';
import { makeHttpParts } from './http-parts.ts';
import { HttpInstance, type HttpParts } from './instance/http-instance.ts';

/** HTTP/1.1 and 1.0: parses heads, routes each request, and streams bodies. */
export class HttpPlugin implements ProtocolPlugin {
  readonly apiVersion = 2;
  readonly name = 'http';
  readonly optionsRules = optionsRules;
  readonly #filtersOf: RouteFilters;
  #parts: HttpParts | undefined;

  /** @param filtersOf returns filters of each route that come before those of the config. Default: none */
  constructor(filtersOf: RouteFilters = NO_FILTERS) {
    this.#filtersOf = filtersOf;
  }

  provision(config: unknown, host: ProtocolHost): HttpInstance | Promise<HttpInstance> {
    this.#parts ??= makeHttpParts(this.#filtersOf);
    const parts = this.#parts;
    // The core has checked built-in options against the config's schema.
    const options = config as HttpOptions;
    if (!ListenerFilters.areIn(options)) return new HttpInstance(options, host, parts);
    return ListenerFilters.provision(options, host, parts.filterStates).then(
      (filters) => new HttpInstance(options, host, parts, filters),
    );
  }
}

export default new HttpPlugin();
