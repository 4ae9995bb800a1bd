import type { HeaderTransform, HttpOptions, Transform } from '../schema/config.generated.ts';
import { FRAMING_HEADERS } from '../../plugin-api/values/http-syntax.ts';
import type { Path } from '../problems/problem.ts';
import { formatSize } from '../values/units.ts';
import type { CheckContext } from './check-context.ts';

const MIN_HEADER_SIZE_BYTES = 1024;
const MAX_HEADER_SIZE_BYTES = 1024 * 1024;

/** The settings of `mode: http` can be carried out. */
export function checkHttp(context: CheckContext): void {
  for (const [index, { http }] of context.config.listeners.entries()) {
    if (http === undefined) continue;
    const at: Path = ['listeners', index, 'http'];
    checkLimits(http, at, context);
    checkErrorPages(http, at, context);
    checkTransform(http.transform, [...at, 'transform'], context);
    checkRoutes(http, at, context);
  }
}

function checkLimits({ limits }: HttpOptions, at: Path, context: CheckContext): void {
  const sizeBytes = limits.header_size;
  if (sizeBytes < MIN_HEADER_SIZE_BYTES || sizeBytes > MAX_HEADER_SIZE_BYTES) {
    const range = `${formatSize(MIN_HEADER_SIZE_BYTES)} to ${formatSize(MAX_HEADER_SIZE_BYTES)}`;
    context.error([...at, 'limits', 'header_size'], `must be from ${range}`);
  }
}

function checkErrorPages({ error_pages: pages }: HttpOptions, at: Path, context: CheckContext): void {
  const seen = new Set<number>();
  for (const [index, page] of pages.entries()) {
    const path = [...at, 'error_pages', index];
    if ((page.body === undefined) === (page.file === undefined)) {
      context.error(path, 'must have either body or file');
    }
    for (const [place, status] of page.statuses.entries()) {
      if (seen.has(status)) context.error([...path, 'statuses', place], `has a page for ${status} already`);
      seen.add(status);
    }
  }
}

function checkRoutes({ routes }: HttpOptions, at: Path, context: CheckContext): void {
  for (const [index, route] of routes.entries()) {
    const path = [...at, 'routes', index];
    if (route.path !== undefined && route.path_prefix !== undefined) {
      context.error([...path, 'path_prefix'], "can't be used together with path");
    }
    checkTransform(route.transform, [...path, 'transform'], context);
  }
}

function checkTransform(transform: Transform | undefined, at: Path, context: CheckContext): void {
  if (transform === undefined) return;
  for (const key of ['request_headers', 'response_headers'] as const) {
    for (const [index, change] of transform[key].entries()) {
      checkHeader(change, key, [...at, key, index], context);
    }
  }
}

function checkHeader(change: HeaderTransform, list: string, at: Path, context: CheckContext): void {
  const name = change.name.toLowerCase();
  const path = [...at, 'name'];
  if (FRAMING_HEADERS.has(name)) {
    context.error(
      path,
      'is a header that the proxy writes itself: it belongs to the connection or frames the body',
    );
  } else if (name === 'host' && list === 'request_headers' && change.action !== 'set') {
    context.error(path, 'is Host, which a request has exactly once: it can only be set');
  }
  if (change.action === 'remove' && change.value !== undefined) {
    context.error([...at, 'value'], 'has no effect with the action remove');
  }
}
