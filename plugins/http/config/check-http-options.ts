import type { OptionsCheck, OptionsPath } from '../../../src/plugin-api/index.ts';
import { FRAMING_HEADERS } from '../../../src/plugin-api/values/http-syntax.ts';
import { takesEverybody } from '../../../src/plugin-api/values/takes-everybody.ts';
import { templateFault } from '../forwarding/template.ts';
import { checkAction, checkDefault } from './check-actions.ts';
import { checkConditions } from './check-conditions.ts';
import { checkErrorPages } from './check-error-pages.ts';
import { checkHttpsOptions } from './check-https-options.ts';
import type { HeaderTransform, HttpOptions, Transform } from './schema/options.generated.ts';

const MIN_HEADER_SIZE_BYTES = 1024;
const MAX_HEADER_SIZE_BYTES = 1024 * 1024;

/** Fields that the proxy writes into its own answers, and that describe them. */
const WRITTEN: ReadonlySet<string> = new Set(['content-type', 'date']);

/** Checks what the schema can't express: that the options of a listener fit together, and that they can work. */
export function checkHttpOptions(options: HttpOptions, context: OptionsCheck): void {
  checkDefault(options, context);
  if (context.listener.upstream === undefined && options.routes.length === 0 && options.default === undefined)
    context.warn('listener', 'has neither upstream nor routes: every request gets 404');
  warnOfTrust(options, context);
  checkLimits(options, context);
  checkErrorPages(options.error_pages, ['error_pages'], context);
  checkHttpsOptions(options, context);
  checkTransform(options.transform, ['transform'], context);
  checkRoutes(options, context);
}

function warnOfTrust({ trusted_proxies: trusted }: HttpOptions, { warn }: OptionsCheck): void {
  for (const [index, network] of trusted.entries())
    if (takesEverybody(network))
      warn(['trusted_proxies', index], 'trusts everybody: any client can claim any address');
}

function checkLimits({ limits }: HttpOptions, context: OptionsCheck): void {
  const sizeBytes = limits.header_size;
  if (sizeBytes < MIN_HEADER_SIZE_BYTES || sizeBytes > MAX_HEADER_SIZE_BYTES)
    context.error(['limits', 'header_size'], 'must be from 1KiB to 1MiB');
}

function checkRoutes({ routes }: HttpOptions, context: OptionsCheck): void {
  const names = new Set<string>();
  for (const [index, route] of routes.entries()) {
    const path: OptionsPath = ['routes', index];
    if (names.has(route.name)) {
      const at = [...path, 'name'];
      context.error(at, `is ${context.shown(at, route.name)}, as another route is named already`);
    }
    names.add(route.name);
    checkConditions(route, path, context);
    checkAction(route, path, context);
    checkTransform(route.transform, [...path, 'transform'], context);
  }
}

function checkTransform(transform: Transform | undefined, at: OptionsPath, context: OptionsCheck): void {
  if (transform === undefined) return;
  for (const key of ['request_headers', 'response_headers'] as const)
    for (const [index, change] of transform[key].entries())
      checkHeader(change, key, [...at, key, index], context);
  for (const [index, { to }] of transform.locations.entries()) {
    const fault = templateFault(to, context.didYouMean);
    if (fault !== undefined) context.error([...at, 'locations', index, 'to'], fault);
  }
}

function checkHeader(change: HeaderTransform, list: string, at: OptionsPath, context: OptionsCheck): void {
  const name = change.name.toLowerCase();
  const path = [...at, 'name'];
  if (FRAMING_HEADERS.has(name)) {
    context.error(
      path,
      'is a header that the proxy writes itself: it belongs to the connection or frames the body',
    );
  } else if (name === 'host' && list === 'request_headers' && change.action !== 'set') {
    context.error(path, 'is Host: a request must have one, so it can only be set');
  }
  if (change.always === true && list === 'request_headers')
    context.warn([...at, 'always'], 'has no effect on requests');
  else if (change.always === true && WRITTEN.has(name))
    context.error(
      path,
      'is a header that answers of the proxy itself always have: always is not possible here',
    );
  if (change.value === undefined) return;
  if (change.action === 'remove') context.error([...at, 'value'], 'has no effect with the action remove');
  const fault = templateFault(change.value, context.didYouMean);
  if (fault !== undefined) context.error([...at, 'value'], fault);
}
