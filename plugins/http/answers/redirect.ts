import { isBelow } from '../../../src/plugin-api/values/routed-path.ts';
import type { HttpRedirect } from '../config/schema/options.generated.ts';
import { Template, type Variable } from '../forwarding/template.ts';
import type { AnsweredExchange, RouteAnswer } from './answered-exchange.ts';

const VARIABLES: Readonly<Record<string, Variable<AnsweredExchange>>> = {
  scheme: ({ isSecure }) => (isSecure ? 'https' : 'http'),
  // `*` asks about the server as a whole, and has no place in a URL.
  path: ({ path }) => (path === '*' ? '/' : path),
  uri: ({ target }) => (target === '*' ? '/' : target),
  path_rest: pathRest,
};

/** The variables that `to` may have beside those of other templates. */
export const REDIRECT_VARIABLES: readonly string[] = Object.keys(VARIABLES);

/**
 * How `to` must begin: with a URL, a path, or a variable that is one of them. A path does not stand where a URL has its host: for browsers
 * `https:///evil.test` is a URL with a host.
 */
export const REDIRECT_START =
  /^(?:(?:https?:|\$\{scheme\}:|(?=\/\/))\/\/(?!\$\{(?:path|uri|path_rest)\})[^/?#]|\/(?!\/)|\$\{(?:path|uri|path_rest)\})/i;

/** Sends clients to another place, which is made of a template. */
export class Redirect implements RouteAnswer {
  readonly #status: number;
  readonly #template: Template<AnsweredExchange>;
  readonly #needsHost: boolean;
  readonly #keepsQuery: boolean;
  /** Whether the template itself begins with `//`, so that it names a host. */
  readonly #namesHost: boolean;

  constructor({ to, status, strip_query: stripsQuery }: HttpRedirect) {
    this.#status = status;
    this.#template = Template.parse(to, VARIABLES);
    this.#needsHost = to.includes('${host}');
    this.#keepsQuery = !stripsQuery && !to.includes('${uri}');
    this.#namesHost = to.startsWith('//');
  }

  send(exchange: AnsweredExchange): void {
    // Without a host, the path would stand where a URL has its host.
    if (this.#needsHost && exchange.host === '')
      exchange.answer(exchange.errorAnswer(400, 'the request names no host'));
    else exchange.answer({ status: this.#status, headers: { Location: this.locationFor(exchange) } });
  }

  /** The place for one request. What a client wrote can neither end the field nor name another host. */
  locationFor(exchange: AnsweredExchange): string {
    const made = encoded(this.#template.render(exchange));
    const place = this.#namesHost ? made : made.replace(/^[/\\]{2,}/, '/');
    // Without a path, the place would be that of the request itself.
    const whole = /^(?:$|[?#])/.test(place) ? `/${place}` : place;
    return this.#keepsQuery ? withQuery(whole, exchange.target) : whole;
  }
}

/** What of the path lies behind the longest prefix by which the route took it: empty, or with a slash in front. */
function pathRest({ routedPath, matchedRoute }: AnsweredExchange): string {
  let length = 0;
  for (const { kind, text } of matchedRoute?.paths ?? [])
    if (kind === 'prefix' && text.length > length && isBelow(routedPath, text)) length = text.length;
  const rest = routedPath === '*' ? '' : routedPath.slice(length);
  return rest === '' || rest.startsWith('/') ? rest : `/${rest}`;
}

/** The place with the query of a target, behind a query of its own and in front of a fragment. */
function withQuery(place: string, target: string): string {
  const at = target.indexOf('?');
  if (at < 0) return place;
  const query = encoded(target.slice(at + 1));
  const hash = place.indexOf('#');
  const end = hash < 0 ? place.length : hash;
  const before = place.slice(0, end);
  return `${before}${before.includes('?') ? '&' : '?'}${query}${place.slice(end)}`;
}

/** A text as a field can hold it: everything beyond visible ASCII is percent-encoded. */
function encoded(text: string): string {
  return text.replace(/[^\x21-\x7e]+/g, (run) =>
    [...Buffer.from(run, 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
