import type {
  Connection,
  ExplainedAnswer,
  ExplainedEdits,
  ExplainedField,
  ExplainedForward,
  ExplainedMessage,
  ExplainRequest,
  ProtocolExplanation,
} from '../../../src/plugin-api/index.ts';
import type { Route } from '../config/schema/options.generated.ts';
import { Exchange } from '../exchange/exchange.ts';
import { NO_FILTERS } from '../filters/filter-chain.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import { HSTS_FIELD } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import { HttpInstance } from '../instance/http-instance.ts';
import { explainedReadings } from './explained-readings.ts';
import { explainedTries } from './explained-tries.ts';
import { headText, DryRun, type AskedLease } from './dry-run.ts';
import { DryRunStream } from './dry-run-stream.ts';
import { TWO_READINGS } from '../refusals/request-check.ts';
import { rulesFor } from './explained-rules.ts';

/** The connection of the client that the dry run plays. */
interface PlayedConnection {
  /** Its parser, with the head of the request. */
  readonly reader: { readonly head: RequestHead | undefined };
}

/**
 * What an instance would do with a request. The request runs through a second instance of the same options, over connections that lead
 * nowhere. Parser, checks, router and edits are the real ones, so the explanation can't differ from what happens.
 */
export function explain(
  request: ExplainRequest,
  real: HttpInstance,
  connect: (connection: Connection, instance: HttpInstance) => PlayedConnection,
): ProtocolExplanation {
  const dryRun = new DryRun(real.host);
  // An error page would hide the reason of an error, and with request_buffering the exchange would wait for a body that never comes.
  const options = { ...real.options, error_pages: [], routes: real.options.routes.map(withoutMirror) };
  delete options.request_buffering;
  delete options.mirror;
  const instance = new HttpInstance(options, dryRun.host, { ...real.parts, filtersOf: NO_FILTERS });
  const client = new DryRunStream(
    { address: request.remoteAddress, port: 0 },
    { address: request.localAddress, port: request.localPort },
    request.tls,
  );
  const connection = connect(clientConnection(client, instance), instance);
  client.arrive(headText(request));
  const { asked, record, endpoint } = dryRun;
  const played = asked?.request ?? record;
  const exchange = played instanceof Exchange ? played : undefined;
  const { head } = connection.reader;
  const rules = exchange !== undefined && head !== undefined ? rulesFor(exchange, head, instance) : [];
  const filters = filtersFor(exchange, instance, real);
  const result =
    asked !== undefined
      ? {
          rules,
          ...filters,
          forwarded: { ...forwardOf(request, asked, real), ...triesOf(asked, instance, real) },
        }
      : endpoint !== undefined
        ? { rules, answer: endpointAnswer(endpoint, client.text) }
        : { rules, answer: { ...answerOf(client.text, exchange), ...readingsOf(exchange, head, instance) } };
  client.over();
  return result;
}

/** The names of the filters of the route that takes the request. The dry run calls none, because a filter could do anything. */
function filtersFor(
  exchange: Exchange | undefined,
  played: HttpInstance,
  real: HttpInstance,
): Pick<ProtocolExplanation, 'filters'> {
  if (exchange?.matchedRoute === undefined) return {};
  const filters = real.routes[played.routes.indexOf(exchange.matchedRoute)]?.filters;
  return filters === undefined ? {} : { filters: filters.names };
}

/** What the route that takes the request says of further tries and copies. */
function triesOf(
  { request: exchange, upstream }: AskedLease,
  played: HttpInstance,
  real: HttpInstance,
): Pick<ExplainedForward, 'tries' | 'mirror'> {
  if (!(exchange instanceof Exchange) || exchange.matchedRoute === undefined) return {};
  const route = real.routes[played.routes.indexOf(exchange.matchedRoute)];
  return route === undefined
    ? {}
    : explainedTries(route, real.host.upstream(upstream, 'keep-alive'), exchange);
}

function clientConnection(transport: DryRunStream, current: HttpInstance): Connection {
  return {
    id: 0,
    transport,
    listener: current.host.listener,
    draining: false,
    current,
  };
}

function endpointAnswer(endpoint: 'health' | 'metrics', text: string): ExplainedAnswer {
  if (endpoint === 'metrics')
    return { status: 200, reason: 'the metrics, which this listener serves itself' };
  return { status: statusIn(text), reason: "the listener's own health_endpoint" };
}

function statusIn(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 400);
}

/** The answer that the client would get. `exchange`: undefined when the head could not be read. */
function answerOf(text: string, exchange: Exchange | undefined): ExplainedAnswer {
  const status = statusIn(text);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  const route = exchange?.matchedRoute;
  if (exchange?.error === undefined && route?.answer !== undefined)
    return { status, reason: routeReason(route.name, locationIn(text)) };
  if (exchange?.error === undefined && status < 400) return { status, reason: ownReason(text) };
  // A HEAD request gets no body.
  return {
    status,
    reason: reasonIn(body) ?? exchange?.error?.replaceAll('_', ' ') ?? 'the request is not complete',
  };
}

/** Why the proxy answers without an error: it redirects, or it is the last hop of the request. */
function ownReason(text: string): string {
  const location = locationIn(text);
  return location === undefined
    ? 'Max-Forwards is used up'
    : `redirect_https sends the client to ${location}`;
}

/** Why a route answers by itself. `name`: '' for the listener's default. */
function routeReason(name: string, location: string | undefined): string {
  const by = name === '' ? 'http.default' : `the route ${name}`;
  return location === undefined ? `${by} answers by itself` : `${by} redirects to ${location}`;
}

function locationIn(text: string): string | undefined {
  return /^Location: (.*)$/m.exec(text)?.[1]?.trim();
}

/** The readings of a path that was refused because servers read it in several ways. */
function readingsOf(
  exchange: Exchange | undefined,
  head: RequestHead | undefined,
  instance: HttpInstance,
): Pick<ExplainedAnswer, 'readings'> {
  if (head === undefined || exchange?.refusal?.rule !== TWO_READINGS.rule) return {};
  return { readings: explainedReadings(exchange, head, instance) };
}

/** The proxy's own error bodies say why: as JSON or as `status phrase: reason`. */
function reasonIn(body: string): string | undefined {
  if (body.startsWith('{')) return (JSON.parse(body) as { reason: string }).reason;
  return /^\d{3} [^:]*: (.*)$/m.exec(body)?.[1];
}

function forwardOf(
  request: ExplainRequest,
  { request: exchange, upstream }: AskedLease,
  real: HttpInstance,
): ExplainedForward {
  if (!(exchange instanceof Exchange)) throw new Error('only exchanges ask for leases here');
  const isGathered = real.options.request_buffering !== undefined && exchange.body?.waitsForContinue === true;
  const stream = new DryRunStream();
  const nothing = (): void => undefined;
  const backend = request.pick(upstream, exchange.key, exchange.session);
  exchange.leased({
    backend,
    channel: stream,
    reused: false,
    end: nothing,
    leavePool: nothing,
    pin: nothing,
    resume: () => false,
  });
  const edits = exchange.matchedRoute?.responseEdits;
  const message = messageOf(withoutChance(stream.text, exchange, request));
  return {
    upstream,
    ...(exchange.key === undefined ? {} : { key: exchange.key }),
    ...(exchange.session === undefined ? {} : { session: exchange.session }),
    clientAddress: exchange.clientAddress,
    message: isGathered ? withoutExpect(message) : message,
    ...(edits === undefined && exchange.hstsLine === ''
      ? {}
      : { response: responseEdits(edits, exchange, request) }),
  };
}

/** A dry run sends nothing, so it makes no copies either. */
function withoutMirror(route: Route): Route {
  const bare = { ...route };
  delete bare.mirror;
  delete bare.error_pages;
  return bare;
}

/** The text with placeholders for values that are random for each request, such as the request id. */
function withoutChance(
  text: string,
  { requestId, trace, instance }: Exchange,
  { fields }: ExplainRequest,
): string {
  let shown = instance.loopMark.hiddenIn(text);
  // An id that came from a trusted peer is not random.
  if (!fields.some(([, value]) => value === requestId)) shown = shown.replaceAll(requestId, '<request id>');
  for (const line of trace?.lines.split('\r\n').slice(1) ?? []) {
    const [name, value] = fieldOf(line);
    shown = shown.replaceAll(`${name}: ${value}\r\n`, `${name}: <trace context>\r\n`);
  }
  return shown;
}

function messageOf(text: string): ExplainedMessage {
  const [start = '', ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  return { start, fields: lines.map(fieldOf) };
}

/** The message without `Expect`: a proxy that has gathered the body has answered it. */
function withoutExpect({ start, fields }: ExplainedMessage): ExplainedMessage {
  return { start, fields: fields.filter(([name]) => name.toLowerCase() !== 'expect') };
}

function fieldOf(line: string): ExplainedField {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function responseEdits(
  edits: FieldEdits | undefined,
  exchange: Exchange,
  request: ExplainRequest,
): ExplainedEdits {
  const removed = [...(edits?.removed ?? [])];
  const hsts = removed.includes(HSTS_FIELD) ? '' : exchange.hstsLine;
  const lines = hsts + (edits === undefined ? '' : edits.earlyLines(exchange) + edits.lateLines(exchange));
  const shown = withoutChance(lines, exchange, request);
  return { removed, added: shown.split('\r\n').slice(0, -1).map(fieldOf) };
}
