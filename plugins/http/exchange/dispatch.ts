import type { Upstream } from '../../../src/plugin-api/index.ts';
import { routedPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { ClientFields, KnownHost } from '../forwarding/forwarding-profile.ts';
import { logReceived } from '../records/exchange-lines.ts';
import type { Exchange } from './exchange.ts';
import { HOST } from '../message/field-names.ts';
import { requestHashKey } from '../routing/request-hash-key.ts';
import type { RequestHead } from '../message/message-head.ts';
import { localAnswer } from '../answers/local-answer.ts';
import { loggedPath, withoutFragment } from '../records/logged-path.ts';
import { normalTarget } from '../routing/normal-path.ts';
import { refuseField, refuseTarget } from '../message/refused-field.ts';
import {
  BAD_HOST,
  checkBodySize,
  checkRequest,
  checkTarget,
  TWO_READINGS,
} from '../refusals/request-check.ts';
import { beforeQuery, parseTarget, withTarget, type RequestTarget } from '../message/request-target.ts';
import { MirrorCopy } from '../mirror/mirror-copy.ts';
import { NO_TRAILERS } from '../message/trailers.ts';
import { draftRequest } from '../forwarding/request-fields.ts';
import { BodyBuffering } from '../instance/body-buffering.ts';
import type { RequestDraft } from '../message/client-stream.ts';
import { FieldEdits, type FieldEdit } from '../forwarding/field-edits.ts';
import type { RouteAnswer } from '../answers/answered-exchange.ts';
import type { FilterChain } from '../filters/filter-chain.ts';
import type { CompiledRoute, Mirror } from '../instance/compiled-route.ts';
import { Filtering } from './filtering.ts';
import { takeSide } from '../stickiness/split-side.ts';

const OVERLOADED = 'the proxy is overloaded';

/**
 * The way of a request from its complete head to a decision: notes in the exchange who asks for what, and then refuses the request,
 * answers it here, or forwards it to the upstream of its route. `head` is not kept.
 */
export function dispatch(exchange: Exchange, head: RequestHead): void {
  const { instance } = exchange;
  exchange.trace = instance.host.telemetry.tracer?.begin(head);
  const profile = exchange.client.profile(instance);
  const named = profile.hostOf(head);
  const client = profile.fields(head, named);
  exchange.clientAddress = client.address;
  exchange.requestId = client.requestId ?? instance.parts.requestIds.next();
  exchange.wantsJson = profile.wantsJson(head);
  if (instance.host.telemetry.detailed) {
    exchange.userAgent = profile.userAgent(head);
    exchange.referer = profile.referer(head);
  }
  const target = checkRequest(head, instance) ?? checkTarget(head, instance);
  if ('reason' in target) {
    noteTarget(exchange, head, named);
    exchange.refuse(target);
    return;
  }
  const host = target.authority === undefined ? named : profile.host(target.authority);
  exchange.path = target.path;
  exchange.target = target.forwarded;
  if (!named.isValid || !host.isValid) {
    exchange.refuse(named.isValid ? refuseTarget(BAD_HOST, head) : refuseField(BAD_HOST, head, HOST));
    return;
  }
  exchange.routedPath = target.isPlain ? target.path : routedPath(target.path);
  exchange.host = host.text;
  const { endpoints, https } = instance;
  const isTaken = profile.isOrdinary
    ? endpoints.take(exchange, head)
    : https.take(exchange, head, host, profile, endpoints);
  if (isTaken) return;
  const { overload } = instance.host;
  if (overload.refusesRequests) {
    exchange.fail(503, 'overloaded', OVERLOADED, OVERLOADED, overload.retryAfterMs);
    return;
  }
  const local = localAnswer(head);
  if (local !== undefined) exchange.answer(local);
  else route(exchange, head, target, host, host === named ? client : profile.fields(head, host));
}

/** Notes the target of a refused request, so that its log line shows it. The host is noted only when it is valid. */
function noteTarget(exchange: Exchange, head: RequestHead, named: KnownHost): void {
  const { method, target: text } = head;
  const isLong = text.length > exchange.instance.options.limits.target_length;
  const sound = isLong ? undefined : parseTarget(text, method, beforeQuery(text));
  exchange.path = sound?.path ?? loggedPath(text);
  exchange.target = sound?.forwarded ?? withoutFragment(text);
  // Of several Host fields, none is more valid than the others.
  if (named.isValid && head.hosts < 2) exchange.host = named.text;
  exchange.statedVersion = head.statedVersion;
}

function route(
  exchange: Exchange,
  head: RequestHead,
  target: RequestTarget,
  host: KnownHost,
  client: ClientFields,
): void {
  const { instance } = exchange;
  const matched = instance.route(host.name, exchange.routedPath, head, exchange);
  if (matched === undefined) exchange.fail(404, 'no_route', 'no route matches');
  else if (!target.isPlain && !instance.isReadAlike(matched, host.name, target.path, head, exchange))
    exchange.refuse(refuseTarget(TWO_READINGS, head));
  else {
    exchange.matchedRoute = matched;
    exchange.forwardedTo = matched.upstream;
    if (instance.routesLimitBodies && !fits(exchange, head, matched)) return;
    if (instance.host.logger.debugEnabled) logReceived(exchange, head);
    if (matched.filters !== undefined) filter(exchange, head, target, matched, client, matched.filters);
    else if (matched.answer === undefined) forward(exchange, head, target, matched, client);
    else answer(exchange, head, matched.answer);
  }
}

/** Applies the limit for bodies that the route has, or else its listener. False when the request is refused. */
function fits(exchange: Exchange, head: RequestHead, { settings }: CompiledRoute): boolean {
  const limitBytes = settings?.bodyLimitBytes ?? exchange.instance.bodyLimits.sizeBytes;
  exchange.body?.limitTo(limitBytes);
  const refusal = checkBodySize(head, limitBytes);
  if (refusal !== undefined) exchange.refuse(refusal);
  return refusal === undefined;
}

/** Answers by the route itself, without a backend. */
function answer(exchange: Exchange, head: RequestHead, by: RouteAnswer): void {
  exchange.isSecure = exchange.client.profile(exchange.instance).isSecure(head);
  by.send(exchange);
}

/** Asks the filters of the route. Once all of them let the request pass, forwards it with their changes. */
function filter(
  exchange: Exchange,
  head: RequestHead,
  target: RequestTarget,
  route: CompiledRoute,
  client: ClientFields,
  filters: FilterChain,
): void {
  const isSecure = exchange.client.profile(exchange.instance).isSecure(head);
  const asked = { route, filters, isSecure };
  const filtering = new Filtering(exchange, asked, head, target.forwarded, (kept) => {
    const { request } = filtering;
    if (route.answer !== undefined && request.upstream === undefined) {
      answer(exchange, kept, route.answer);
      return;
    }
    exchange.forwardedTo = request.upstream;
    forward(exchange, kept, withTarget(target, request.target), route, client, request.edits);
  });
  exchange.filtering = filtering;
  filtering.begin();
}

/** Forwards the request to the upstream that is noted in the exchange. `edits`: what filters changed in its header. */
function forward(
  exchange: Exchange,
  head: RequestHead,
  target: RequestTarget,
  route: CompiledRoute,
  client: ClientFields,
  edits?: readonly FieldEdit[],
): void {
  const guardsSpellings = exchange.instance.options.underscore_headers !== 'keep';
  exchange.requestEdits =
    edits === undefined
      ? route.requestEdits
      : FieldEdits.ofFilters(edits, route.requestEdits, guardsSpellings);
  exchange.responseEdits = route.responseEdits;
  const { split } = route;
  if (split !== undefined && exchange.forwardedTo === route.upstream)
    takeSide(exchange, head, split, guardsSpellings);
  const upstream = exchange.forwardedTo;
  if (upstream === undefined) throw new Error('a route without an upstream answers by itself');
  const { sticky } = upstream;
  if (sticky !== undefined) exchange.takeSession(head, sticky, guardsSpellings);
  const rules = upstream === route.upstream ? route.retryRules : route.retries.of(upstream);
  const draft = draftOf(exchange, head, target, route, client, upstream);
  if (route.mirror !== undefined && exchange.upgrade === '') copy(exchange, route.mirror, draft);
  exchange.forward(draft, upstream, rules);
}

/** Begins a copy of the request for the mirror, if it is one of those that are copied. */
function copy(exchange: Exchange, mirror: Mirror, draft: RequestDraft): void {
  const made = MirrorCopy.begin(exchange, mirror, draft);
  if (made === undefined) return;
  exchange.mirrorCopy = made;
  if (exchange.body === undefined) made.complete(NO_TRAILERS);
  else exchange.body.copyTo(made);
}

/** Notes in the exchange how its request is forwarded: the balancing key, an upgrade, the trace. Returns the head for the backend. */
function draftOf(
  exchange: Exchange,
  head: RequestHead,
  target: RequestTarget,
  matched: CompiledRoute,
  client: ClientFields,
  { keySource }: Upstream,
): RequestDraft {
  exchange.pins = head.bindsConnection;
  if (exchange.instance.options.enable_websocket) exchange.upgrade = head.offeredUpgrade;
  if (keySource !== undefined) exchange.key = requestHashKey(keySource, exchange.clientAddress, target, head);
  // A target in absolute form goes to the backend in origin form.
  const changed = matched.pathEdit?.(editable(target)) ?? (target.isChanged ? target.forwarded : undefined);
  const changes = {
    target: changed,
    authority: target.authority,
    clientLines: client.lines,
    upgrade: exchange.upgrade,
    isBodySent: gatherBody(exchange),
  };
  const { clients } = exchange.instance.parts;
  const draft = draftRequest(
    clients,
    exchange,
    head,
    exchange.requestEdits,
    changes,
    exchange.stream.connection,
  );
  const phases = exchange.trace?.phases;
  if (phases !== undefined) phases.upstreamPath = withoutQuery(changed ?? target.forwarded);
  return draft;
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** The target in the normal form that transforms of paths work on: no `..` in it leads out of a prefix that a transform adds. */
function editable({ forwarded, isPlain }: RequestTarget): string {
  return isPlain ? forwarded : (normalTarget(forwarded, true) ?? forwarded);
}

/**
 * With `request_buffering`: begins to read the body before a backend is taken. A client that waits for 100 Continue gets it from the
 * proxy; the result is true then, and also when it got it because a filter read the body.
 */
function gatherBody({ body, filtering, instance, stream }: Exchange): boolean {
  const { request_buffering: limits } = instance.options;
  const hasProceeded = filtering?.bodyReads.hasProceeded === true;
  if (body === undefined || limits === undefined) return hasProceeded;
  body.gather(new BodyBuffering(limits, instance.parts.bufferedBodies, instance.host));
  if (!body.waitsForContinue) return hasProceeded;
  stream.proceed();
  body.proceeds();
  return true;
}
