import type { OptionsCheck, OptionsPath } from '../../../src/plugin-api/index.ts';
import { FRAMING_HEADERS } from '../../../src/plugin-api/values/http-syntax.ts';
import { REDIRECT_START, REDIRECT_VARIABLES } from '../answers/redirect.ts';
import { checkErrorPages } from './check-error-pages.ts';
import { templateFault } from '../forwarding/template.ts';
import type { HttpOptions, HttpRedirect, HttpRespond, Route } from './schema/options.generated.ts';

const ACTIONS = ['upstream', 'split', 'redirect', 'respond'] as const;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Statuses whose messages have no body (RFC 9110 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Checks that a route has one action, and that it can work. */
export function checkAction(route: Route, at: OptionsPath, context: OptionsCheck): void {
  const given = ACTIONS.filter((action) => route[action] !== undefined);
  const [first, second] = given;
  if (first === undefined) context.error(at, `must have one of the keys ${ACTIONS.join(', ')}`);
  if (second !== undefined) context.error([...at, second], `can't be used together with ${String(first)}`);
  if (route.split?.every(({ weight }) => weight === 0) === true)
    context.error([...at, 'split'], 'must have a weight above 0');
  if (route.split_cookie_name !== undefined && route.split === undefined)
    context.warn([...at, 'split_cookie_name'], 'has no effect without split');
  if (route.error_pages !== undefined) checkErrorPages(route.error_pages, [...at, 'error_pages'], context);
  const isAnswered = route.redirect !== undefined || route.respond !== undefined;
  const countsAlways = route.transform?.response_headers.some(({ always }) => always === true) === true;
  warnOfTries(route, at, context);
  for (const key of ['retry', 'hedge', 'mirror', 'transform'] as const)
    if (isAnswered && route[key] !== undefined && !(key === 'transform' && countsAlways))
      context.warn([...at, key], 'has no effect: this route answers its requests itself');
  checkAnswers(route, at, context);
}

/** Settings for further tries and copies that contradict each other. */
function warnOfTries(
  { retry, hedge, upstream, mirror }: Route,
  at: OptionsPath,
  { warn }: OptionsCheck,
): void {
  if (retry === false && typeof hedge === 'object')
    warn([...at, 'hedge'], 'has no effect beside retry: false, which sends a request once');
  if (mirror !== undefined && mirror.upstream === upstream)
    warn(
      [...at, 'mirror', 'upstream'],
      'is the upstream of the route itself: it gets the copied requests twice',
    );
}

/** Checks what becomes of requests that no route takes. */
export function checkDefault({ default: action }: HttpOptions, context: OptionsCheck): void {
  if (typeof action !== 'object') return;
  if (Object.keys(action).length !== 1)
    context.error(['default'], 'must have exactly one of the keys redirect, respond');
  checkAnswers(action, ['default'], context);
}

function checkAnswers(
  { redirect, respond }: Pick<Route, 'redirect' | 'respond'>,
  at: OptionsPath,
  context: OptionsCheck,
): void {
  if (redirect !== undefined) checkRedirect(redirect, [...at, 'redirect'], context);
  if (respond !== undefined) checkRespond(respond, [...at, 'respond'], context);
}

function checkRedirect({ to, status }: HttpRedirect, at: OptionsPath, context: OptionsCheck): void {
  if (!REDIRECTS.has(status)) context.error([...at, 'status'], `must be one of ${[...REDIRECTS].join(', ')}`);
  const fault = templateFault(to, context.didYouMean, REDIRECT_VARIABLES);
  if (fault !== undefined) context.error([...at, 'to'], fault);
  else if (to.includes('${backend}'))
    context.error([...at, 'to'], 'must not use ${backend}: no backend gets the request');
  else if (!REDIRECT_START.test(to))
    context.error([...at, 'to'], 'must begin with http://, https://, ${scheme}:// or a path');
}

function checkRespond(
  { status, body, file, content_type: type, headers = {} }: HttpRespond,
  at: OptionsPath,
  context: OptionsCheck,
): void {
  if (body !== undefined && file !== undefined)
    context.error([...at, 'file'], "can't be used together with body");
  const isEmpty = body === undefined && file === undefined;
  if (!isEmpty && BODILESS.has(status))
    context.error(
      [...at, body === undefined ? 'file' : 'body'],
      `can't be sent with the status ${String(status)}`,
    );
  if (isEmpty && type !== undefined)
    context.warn([...at, 'content_type'], 'has no effect without body and file');
  for (const [name, value] of Object.entries(headers)) {
    const path = [...at, 'headers', name];
    if (FRAMING_HEADERS.has(name.toLowerCase()))
      context.error(
        path,
        'is a header that the proxy writes itself: it belongs to the connection or frames the body',
      );
    const fault = templateFault(value, context.didYouMean);
    if (fault !== undefined) context.error(path, fault);
  }
}
