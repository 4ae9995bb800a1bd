import type {
  LeaseStickiness,
  StickyOutcome,
  StickySource,
  Upstream,
} from '../../../src/plugin-api/index.ts';
import type { ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import { restOfCookies, sessionEdits, splitCookies } from './session-cookie.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { RequestHead } from '../message/message-head.ts';

/** An exchange with an upstream that keeps clients at their backends. */
interface StickyExchange {
  readonly client: { profile(instance: HttpInstance): ForwardingProfile };
  readonly instance: HttpInstance;
  readonly clientAddress: string;
  readonly forwardedTo: Upstream | undefined;
  readonly matchedRoute: Pick<CompiledRoute, 'responseEdits'> | undefined;
  requestEdits: FieldEdits | undefined;
  responseEdits: FieldEdits | undefined;
}

/** What is known of the client of such an exchange. */
interface KeptClient {
  session: string | undefined;
  stickiness: StickyOutcome | undefined;
  isSecure: boolean;
  sessionEdits: FieldEdits | undefined;
  readonly splitEdits: FieldEdits | undefined;
}

/**
 * Notes by what the upstream knows the client: its address, a field of its header, or the proxy's cookie, which the backend does not get.
 *
 * @param guardsSpellings as of {@link FieldEdits.ofFilters}
 */
export function takeSession(
  exchange: StickyExchange,
  client: KeptClient,
  head: RequestHead,
  source: StickySource,
  guardsSpellings: boolean,
): void {
  if (source.kind === 'source-ip') client.session = exchange.clientAddress;
  else if (source.kind === 'header') client.session = fieldOf(head, source.name);
  else takeCookie(exchange, client, head, source.name, guardsSpellings);
}

/** Of several fields with that name the first one counts. Undefined without one, or when it is empty. */
function fieldOf(head: RequestHead, lowerName: string): string | undefined {
  const field = head.find(lowerName);
  const value = field < 0 ? '' : head.valueText(field);
  return value === '' ? undefined : value;
}

function takeCookie(
  exchange: StickyExchange,
  client: KeptClient,
  head: RequestHead,
  name: string,
  guardsSpellings: boolean,
): void {
  client.isSecure = exchange.client.profile(exchange.instance).isSecure(head);
  const { forwardedTo } = exchange;
  const { session, rest } = splitCookies(head, name, (value) => forwardedTo?.knowsSession?.(value) === true);
  client.session = session;
  if (session === undefined) return;
  exchange.requestEdits = FieldEdits.ofFilters([restOfCookies(rest)], exchange.requestEdits, guardsSpellings);
}

/**
 * Notes what became of the client, and gives it the cookie that it needs, with the response. An earlier attempt may have been for another
 * backend: a client that was new then, or moved, still is.
 */
export function giveSession(
  exchange: StickyExchange,
  client: KeptClient,
  stickiness: LeaseStickiness | undefined,
): void {
  const before = client.stickiness;
  client.stickiness = before === 'new' || before === 'moved' ? before : stickiness?.outcome;
  const { forwardedTo, matchedRoute } = exchange;
  const cookie = forwardedTo?.sticky;
  if (cookie?.kind !== 'cookie') return;
  const value = stickiness?.newSession;
  const edits = client.splitEdits ?? matchedRoute?.responseEdits;
  client.sessionEdits =
    value === undefined
      ? client.splitEdits
      : FieldEdits.ofFilters(sessionEdits(cookie, value, client.isSecure), edits, false);
  exchange.responseEdits = client.sessionEdits ?? edits;
}
