import type { HttpFilter, ProtocolHost } from '../../../src/plugin-api/index.ts';

/** Returns the filters of a route, in their order. `route`: the name of the route, '' for the listener's own upstream. */
export type RouteFilters = (route: string, host: ProtocolHost) => readonly HttpFilter[];

export const NO_FILTERS: RouteFilters = () => [];

/** The filters of one route, in their order. */
export class FilterChain {
  readonly filters: readonly HttpFilter[];

  /** Whether a filter may read the request again when its response comes, or at the end: then the head must be kept. */
  readonly readsLater: boolean;

  private constructor(filters: readonly HttpFilter[]) {
    this.filters = filters;
    this.readsLater = filters.some((filter) => filter.response !== undefined || filter.done !== undefined);
  }

  /** undefined for a route without filters, so that its requests pay one comparison. */
  static of(filters: readonly HttpFilter[]): FilterChain | undefined {
    return filters.length === 0 ? undefined : new FilterChain(filters);
  }

  get names(): readonly string[] {
    return this.filters.map(({ name }) => name);
  }
}
