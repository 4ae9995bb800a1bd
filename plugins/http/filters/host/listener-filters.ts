import type { HttpFilter, ProtocolHost } from '../../../../src/plugin-api/index.ts';
import type { HttpFilter as FilterConfig, HttpOptions } from '../../config/schema/options.generated.ts';
import { OwnFilterHost, type FilterPlace } from './filter-host.ts';
import type { FilterStates } from './filter-states.ts';

/** A filter at its place, with what it was given. */
interface PlacedFilter {
  readonly filter: HttpFilter;
  readonly host: OwnFilterHost;
}

/** All filters of one instance of a listener: provisioned together, and closed together once its last exchange is over. */
export class ListenerFilters {
  readonly #host: ProtocolHost;
  readonly #states: FilterStates;
  readonly #placed: PlacedFilter[] = [];
  readonly #ofListener: HttpFilter[] = [];
  readonly #ofRoutes = new Map<string, readonly HttpFilter[]>();

  private constructor(host: ProtocolHost, states: FilterStates) {
    this.#host = host;
    this.#states = states;
  }

  /** Whether the options have any filter. */
  static areIn({ filters, routes }: HttpOptions): boolean {
    return filters.length > 0 || routes.some(({ filters: own }) => own.length > 0);
  }

  /** Provisions all filters, one after the other. When one fails, those before it are closed. */
  static async provision(
    { filters, routes }: HttpOptions,
    host: ProtocolHost,
    states: FilterStates,
  ): Promise<ListenerFilters> {
    const all = new ListenerFilters(host, states);
    try {
      all.#ofListener.push(...(await all.#provision(filters, undefined)));
      for (const { name, filters: own } of routes)
        if (own.length > 0) all.#ofRoutes.set(name, await all.#provision(own, name));
      return all;
    } catch (error) {
      await all.close();
      throw error;
    }
  }

  /** The filters of a route, those of the listener first. */
  of(route: string): readonly HttpFilter[] {
    return [...this.#ofListener, ...(this.#ofRoutes.get(route) ?? [])];
  }

  /** Never rejects. */
  async close(): Promise<void> {
    for (const { filter, host } of this.#placed.splice(0)) {
      try {
        await filter.close?.();
      } catch (error) {
        this.#host.pluginFailed(filter.name, 'Filter failed', error, { ...host.place, hook: 'close' });
      }
      host.close();
    }
  }

  async #provision(
    filters: readonly FilterConfig[],
    route: string | undefined,
  ): Promise<readonly HttpFilter[]> {
    const made: HttpFilter[] = [];
    for (const [index, { use, ...options }] of filters.entries())
      made.push(await this.#make({ use, route, index }, options));
    return made;
  }

  async #make(place: FilterPlace, options: object): Promise<HttpFilter> {
    const { use } = place;
    const plugin = this.#host.filterPlugin(use);
    if (plugin === undefined) throw new Error(`there is no filter ${use}`);
    const host = new OwnFilterHost(place, this.#host, this.#states);
    try {
      const hooks = await plugin.provision(options, host);
      const filter = withName(hooks, use, host);
      this.#placed.push({ filter, host });
      return filter;
    } catch (error) {
      host.close();
      throw error;
    }
  }
}

/** The hooks of a filter, called on the object that it gave. */
function withName(hooks: Partial<HttpFilter>, name: string, { place }: OwnFilterHost): HttpFilter {
  return {
    name,
    place,
    ...(hooks.request && { request: (request) => hooks.request?.(request) }),
    ...(hooks.response && { response: (response, request) => hooks.response?.(response, request) }),
    ...(hooks.done && {
      done: (record, request) => {
        hooks.done?.(record, request);
      },
    }),
    ...(hooks.close && { close: () => hooks.close?.() }),
  };
}
