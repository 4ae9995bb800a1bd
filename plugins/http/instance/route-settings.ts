import { ErrorPages } from '../answers/error-pages.ts';
import type { HttpOptions, Route } from '../config/schema/options.generated.ts';

/** What a route sets in place of its listener, for its own requests. */
export interface RouteSettings {
  /** The most bytes of a request's body; 0: no limit. */
  readonly bodyLimitBytes: number;
  readonly timeouts: Pick<HttpOptions['timeouts'], 'read' | 'request'>;
  /** For how many milliseconds the backend may be silent; undefined: as its upstream says. */
  readonly backendTimeoutMs: number | undefined;
  readonly errorPages: ErrorPages;
  /** Whether the access log shows its requests. */
  readonly isLogged: boolean;
}

/**
 * The settings of a route with those of its listener where it has none; undefined for a route without any.
 *
 * @param directory files of pages are relative to it
 * @throws BalanceError `config_invalid` when a file can't be read
 */
export function routeSettings(
  route: Route | undefined,
  { limits, timeouts, error_pages: pages }: HttpOptions,
  directory: string,
): RouteSettings | undefined {
  const given = route?.limits ?? route?.timeouts ?? route?.error_pages ?? route?.log;
  if (route === undefined || given === undefined) return undefined;
  return {
    bodyLimitBytes: route.limits?.body_size ?? limits.body_size,
    timeouts: {
      read: route.timeouts?.read ?? timeouts.read,
      request: route.timeouts?.request ?? timeouts.request,
    },
    backendTimeoutMs: route.timeouts?.backend,
    // A later page for the same status takes the place of an earlier one.
    errorPages: new ErrorPages([...pages, ...(route.error_pages ?? [])], directory),
    isLogged: route.log !== false,
  };
}
