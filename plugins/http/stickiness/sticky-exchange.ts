import type { StickyCookie, Upstream } from '../../../src/plugin-api/index.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import { restOfCookies, sessionEdits, splitCookies } from './session-cookie.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { RequestHead } from '../message/message-head.ts';

/** An exchange with an upstream that keeps clients at their backends by a cookie. */
interface StickyExchange {
  session: string | undefined;
  isSecure: boolean;
  readonly forwardedTo: Upstream | undefined;
  readonly matchedRoute: Pick<CompiledRoute, 'responseEdits'> | undefined;
  requestEdits: FieldEdits | undefined;
  responseEdits: FieldEdits | undefined;
  sessionEdits: FieldEdits | undefined;
}

/**
 * Notes which backend the client belongs to, as its cookie says. The backend does not get that cookie.
 *
 * @param guardsSpellings as of {@link FieldEdits.ofFilters}
 */
export function takeSession(
  exchange: StickyExchange,
  head: RequestHead,
  cookie: StickyCookie,
  isSecure: boolean,
  guardsSpellings: boolean,
): void {
  exchange.isSecure = isSecure;
  const { session, rest } = splitCookies(head, cookie.name);
  exchange.session = session;
  if (session === undefined) return;
  exchange.requestEdits = FieldEdits.ofFilters([restOfCookies(rest)], exchange.requestEdits, guardsSpellings);
}

/** The response gives the client its cookie, with that value. Undefined: an earlier attempt would have given one, and this one does not. */
export function giveSession(exchange: StickyExchange, value: string | undefined): void {
  const { forwardedTo, matchedRoute } = exchange;
  const cookie = forwardedTo?.sticky;
  if (cookie === undefined) return;
  const edits = matchedRoute?.responseEdits;
  exchange.sessionEdits =
    value === undefined
      ? undefined
      : FieldEdits.ofFilters(sessionEdits(cookie, value, exchange.isSecure), edits, false);
  exchange.responseEdits = exchange.sessionEdits ?? edits;
}
