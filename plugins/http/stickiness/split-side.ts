import type { Upstream } from '../../../src/plugin-api/index.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import type { ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { RouteSplit } from '../instance/route-split.ts';
import type { RequestHead } from '../message/message-head.ts';
import { restOfCookies, splitCookies } from './session-cookie.ts';

/** An exchange on a route whose requests several upstreams share. */
interface SplitExchange {
  readonly client: { profile(instance: HttpInstance): ForwardingProfile };
  readonly instance: HttpInstance;
  readonly matchedRoute: Pick<CompiledRoute, 'responseEdits'> | undefined;
  forwardedTo: Upstream | undefined;
  requestEdits: FieldEdits | undefined;
  responseEdits: FieldEdits | undefined;
  sessionEdits: FieldEdits | undefined;
  splitEdits: FieldEdits | undefined;
}

/**
 * Chooses the upstream of a request: the one that the client's cookie names, else one by the weights. With a cookie in the config, a client
 * without a valid one gets it with the response, and the backend does not get it.
 *
 * @param guardsSpellings as of {@link FieldEdits.ofFilters}
 */
export function takeSide(
  exchange: SplitExchange,
  head: RequestHead,
  split: RouteSplit,
  guardsSpellings: boolean,
): void {
  const { cookie } = split;
  if (cookie === undefined) {
    exchange.forwardedTo = split.draw()?.upstream;
    return;
  }
  const { session, rest } = splitCookies(head, cookie, (mark) => split.named(mark) !== undefined);
  if (session !== undefined)
    exchange.requestEdits = FieldEdits.ofFilters(
      [restOfCookies(rest)],
      exchange.requestEdits,
      guardsSpellings,
    );
  exchange.forwardedTo = split.named(session);
  if (exchange.forwardedTo !== undefined) return;
  const drawn = split.draw();
  if (drawn === undefined) return;
  exchange.forwardedTo = drawn.upstream;
  giveSide(exchange, `${cookie}=${drawn.mark}`, head);
}

/** Has the response give the client its cookie. No cache may store that response for others: it would lead all of them to one side. */
function giveSide(exchange: SplitExchange, cookie: string, head: RequestHead): void {
  const secure = exchange.client.profile(exchange.instance).isSecure(head) ? '; Secure' : '';
  const edits = [
    { action: 'add', name: 'Set-Cookie', value: `${cookie}; Path=/; HttpOnly; SameSite=Lax${secure}` },
    { action: 'add', name: 'Cache-Control', value: 'private' },
  ] as const;
  exchange.splitEdits = FieldEdits.ofFilters(edits, exchange.matchedRoute?.responseEdits, false);
  exchange.sessionEdits = exchange.splitEdits;
  exchange.responseEdits = exchange.splitEdits;
}
