import { routedPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { ClientFields, KnownHost } from '../forwarding/forwarding-profile.ts';
import { logReceived } from '../records/exchange-lines.ts';
import type { Exchange } from './exchange.ts';
import { HOST } from '../message/field-names.ts';
import { hashKey } from '../routing/hash-key.ts';
import type { Head } from '../h1/parse/head.ts';
import { localAnswer } from '../answers/local-answer.ts';
import { loggedPath, withoutFragment } from '../records/logged-path.ts';
import { normalTarget } from '../routing/normal-path.ts';
import { refuseField, refuseTarget } from '../message/refusal.ts';
import {
  BAD_HOST,
  checkRequest,
  checkTarget,
  statedVersion,
  TWO_READINGS,
} from '../refusals/request-check.ts';
import { beforeQuery, parseTarget, type RequestTarget } from '../routing/request-target.ts';
import { requestText } from '../h1/write/request-text.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import { offeredUpgrade } from './upgrade.ts';

/**
 * The head of a request is complete: notes in the exchange who asks for what, and has the request refused, answered here, or
 * forwarded to the upstream of its route. `head` is not kept.
 */
export function dispatch(exchange: Exchange, head: Head): void {
  const { instance } = exchange;
  exchange.trace = instance.host.telemetry.tracer?.begin(head);
  const view = exchange.connection.view(instance);
  const named = view.hostOf(head);
  const client = view.fields(head, named);
  exchange.clientAddress = client.address;
  exchange.requestId = client.requestId ?? instance.parts.requestIds.next();
  exchange.wantsJson = view.wantsJson(head);
  if (instance.host.telemetry.detailed) {
    exchange.userAgent = view.userAgent(head);
    exchange.referer = view.referer(head);
  }
  const target = checkRequest(head, instance) ?? checkTarget(head, instance);
  if ('reason' in target) {
    noteTarget(exchange, head, named);
    exchange.refuse(target);
    return;
  }
  const host = target.authority === undefined ? named : view.host(target.authority);
  exchange.path = target.path;
  exchange.target = target.forwarded;
  if (!named.isValid || !host.isValid) {
    exchange.refuse(named.isValid ? refuseTarget(BAD_HOST, head) : refuseField(BAD_HOST, head, HOST));
    return;
  }
  exchange.routedPath = target.isPlain ? target.path : routedPath(target.path);
  exchange.host = host.text;
  if (instance.endpoints.take(exchange, head)) return;
  const local = localAnswer(exchange, head);
  if (local !== undefined) exchange.answer(local);
  else route(exchange, head, target, host, host === named ? client : view.fields(head, host));
}

/** Notes what a request that is refused asks for, so that its line in the log names it: the host only where it is sound. */
function noteTarget(exchange: Exchange, head: Head, named: KnownHost): void {
  const { bytes, method, urlStart, urlEnd } = head;
  const text = bytes.latin1Slice(urlStart, urlEnd);
  const isLong = text.length > exchange.instance.options.limits.target_length;
  const sound = isLong ? undefined : parseTarget(text, method, beforeQuery(text));
  exchange.path = sound?.path ?? loggedPath(text);
  exchange.target = sound?.forwarded ?? withoutFragment(text);
  if (named.isValid) exchange.host = named.text;
  exchange.statedVersion = statedVersion(head);
}

function route(
  exchange: Exchange,
  head: Head,
  target: RequestTarget,
  host: KnownHost,
  client: ClientFields,
): void {
  const { instance } = exchange;
  const matched = instance.route(host.name, exchange.routedPath, head);
  if (matched === undefined) exchange.fail(404, 'no_route', 'no route matches');
  else if (!target.isPlain && !instance.isReadAlike(matched, host.name, target.path, head))
    exchange.refuse(refuseTarget(TWO_READINGS, head));
  else exchange.forward(forwardedText(exchange, head, target, matched, client), matched.upstream);
}

/**
 * Notes in the exchange how its request is forwarded: route, trace, key for the choice of the backend, upgrade. Returns the
 * head for the backend, as {@link requestText} does.
 */
function forwardedText(
  exchange: Exchange,
  head: Head,
  target: RequestTarget,
  matched: CompiledRoute,
  client: ClientFields,
): string {
  const { host } = exchange.instance;
  exchange.matched = matched;
  if (host.logger.debugEnabled) logReceived(exchange, head);
  exchange.pins = head.bindsConnection;
  if (head.upgradeField >= 0 && exchange.instance.options.enable_websocket)
    exchange.upgrade = offeredUpgrade(head);
  const { keySource } = matched.upstream;
  if (keySource !== undefined) exchange.key = hashKey(keySource, exchange.clientAddress, target, head);
  // A target in absolute form goes to the backend in origin form.
  const changed = matched.pathEdit?.(editable(target)) ?? (target.isChanged ? target.forwarded : undefined);
  const changes = { target: changed, authority: target.authority, clientLines: client.lines };
  const text = requestText(exchange, head, matched, changes);
  const phases = exchange.trace?.phases;
  if (phases !== undefined) phases.upstreamPath = withoutQuery(changed ?? target.forwarded);
  return text;
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** The target in the form that transforms of paths work on. No `..` in it leads out of a prefix that a transform adds. */
function editable({ forwarded, isPlain }: RequestTarget): string {
  return isPlain ? forwarded : (normalTarget(forwarded, true) ?? forwarded);
}
