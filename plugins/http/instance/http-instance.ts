import type {
  Connection,
  ConnectionHandler,
  ExplainRequest,
  ProtocolExplanation,
  ProtocolHost,
  ProtocolInstance,
} from '../../../src/plugin-api/index.ts';
import { FilterChain, type RouteFilters } from '../filters/filter-chain.ts';
import type { FilterStates } from '../filters/host/filter-states.ts';
import type { ListenerFilters } from '../filters/host/listener-filters.ts';
import { ErrorPages } from '../answers/error-pages.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import { LoopMark } from '../forwarding/loop-mark.ts';
import type { HttpMirror, HttpOptions, Route } from '../config/schema/options.generated.ts';
import { CertificateHeaders } from '../https/certificate-headers.ts';
import { HttpsRules } from '../https/https-rules.ts';
import { OwnEndpoints } from '../answers/own-endpoints.ts';
import { otherReadings } from '../routing/path-readings.ts';
import { HttpDate } from '../message/http-date.ts';
import type { BufferedBodies } from './body-buffering.ts';
import type { ClientCodec } from '../message/client-stream.ts';
import type { FieldLine } from '../message/trailers.ts';
import { leastRate } from '../message/transfer-rate.ts';
import type { BodyLimits, HeadLimits, TakingLimits } from '../message/message-limits.ts';
import { TrustedProxies } from '../forwarding/trusted-proxies.ts';
import { ReplaceDeadChannel, type RetryPolicy } from '../retries/retry-policy.ts';
import type { MirrorLoad } from './mirror-load.ts';
import { Via } from '../forwarding/via.ts';
import type { RequestIds } from '../forwarding/request-ids.ts';
import { Router } from '../routing/router.ts';
import { routeAnswer } from '../answers/route-answer.ts';
import type { RequestFacts } from '../routing/request-conditions.ts';
import type { RouteEntry } from '../routing/route-entry.ts';
import { answerEdits, compileRoute, type CompiledRoute, type Mirror } from './compiled-route.ts';
import { routeSettings } from './route-settings.ts';
import { RouteSplit } from './route-split.ts';

/** The keys of a route of which one says what becomes of its requests. */
type RouteActions = Pick<Route, 'upstream' | 'split' | 'split_cookie_name' | 'redirect' | 'respond'>;

/** What all instances of the plugin share: the codec, and what is counted or limited over all listeners. */
export interface HttpParts {
  /** Writes requests to backends and reads their responses. */
  readonly clients: ClientCodec;
  readonly requestIds: RequestIds;
  /** Bodies that are read before a backend is taken. */
  readonly bufferedBodies: BufferedBodies;
  /** Bodies that are kept so that they can be sent again. */
  readonly keptBodies: BufferedBodies;
  /** What copies of requests take. */
  readonly mirrorLoad: MirrorLoad;
  readonly filtersOf: RouteFilters;
  /** What filters keep over edits. */
  readonly filterStates: FilterStates;
  /** Begins to serve a client's connection. */
  readonly connect: (connection: Connection, instance: HttpInstance) => ConnectionHandler;
  /** Says what an instance would do with a request. */
  readonly explain: (request: ExplainRequest, instance: HttpInstance) => ProtocolExplanation;
}

/** HTTP on one listener, for one generation: its config compiled for requests, and a count of the exchanges and tunnels that run. */
export class HttpInstance implements ProtocolInstance {
  readonly protocol = 'http';
  readonly host: ProtocolHost;
  readonly options: HttpOptions;
  readonly parts: HttpParts;
  readonly requestLimits: HeadLimits;
  /** The limits for bodies of requests. */
  readonly bodyLimits: BodyLimits;
  /** Whether a route has a limit of its own for bodies, so that a request is measured only once its route is known. */
  readonly routesLimitBodies: boolean;
  /** How fast clients must take responses. */
  readonly taking: TakingLimits;
  readonly date = new HttpDate();
  readonly trusted: TrustedProxies;
  readonly via: Via;
  readonly loopMark: LoopMark;
  readonly errorPages: ErrorPages;
  /** Edits of the header of answers to requests without a route; undefined for none. */
  readonly answerEdits: FieldEdits | undefined;
  readonly irregular = new IrregularBackends();
  /** When a request that got no response is sent again. */
  readonly retryPolicy: RetryPolicy = new ReplaceDeadChannel();
  /** Whether the X-Request-ID of a backend's response is passed on in place of the proxy's. */
  readonly keepsResponseId: boolean;
  readonly https: HttpsRules;
  /** What backends are told about certificates of clients; undefined when they are told nothing. */
  readonly certificateHeaders: CertificateHeaders | undefined;
  /** The paths that this listener answers itself. */
  readonly endpoints: OwnEndpoints;
  /** Whether routes, transforms or other options depend on paths. Otherwise all paths count as plain. */
  readonly readsPaths: boolean;
  readonly #router: Router<CompiledRoute> | undefined;
  readonly #fallback: CompiledRoute | undefined;
  #active = 0;
  #whenIdle: (() => void) | undefined;
  readonly #filters: ListenerFilters | undefined;
  #closed: Promise<void> | undefined;

  /** @param filters those of the config, which close with the instance. Default: none */
  constructor(options: HttpOptions, host: ProtocolHost, parts: HttpParts, filters?: ListenerFilters) {
    this.#filters = filters;
    this.options = options;
    this.host = host;
    this.parts = parts;
    this.trusted = new TrustedProxies(options.trusted_proxies);
    this.via = new Via(options.via ?? '');
    this.loopMark = new LoopMark(host.proxyId, host.listener);
    this.keepsResponseId = options.response_request_id === 'backend';
    this.https = new HttpsRules(options);
    this.certificateHeaders = CertificateHeaders.of(options);
    this.errorPages = new ErrorPages(options.error_pages, host.directory);
    this.answerEdits = answerEdits([options.transform]);
    this.requestLimits = {
      headerSize: options.limits.header_size,
      headerCount: options.limits.header_count,
      encodesTarget: options.encode_target,
    };
    const { request, response, window } = options.limits.min_rate;
    this.bodyLimits = { sizeBytes: options.limits.body_size, leastRate: leastRate(request, window) };
    this.taking = { rate: leastRate(response, window), timeoutMs: options.timeouts.write };
    this.#router =
      options.routes.length === 0
        ? undefined
        : new Router(options.routes.map((route) => this.#compile(route, route)));
    this.endpoints = new OwnEndpoints(options.health_endpoint, host, this.trusted);
    this.#fallback = this.#compileDefault();
    this.routesLimitBodies = options.routes.some(({ limits }) => limits?.body_size !== undefined);
    this.readsPaths =
      options.normalize_path ||
      this.https.redirect !== undefined ||
      this.endpoints.areThere ||
      this.#router?.looksAtPaths === true ||
      this.routes.some(({ pathEdit: edit }) => edit !== undefined);
  }

  get active(): number {
    return this.#active;
  }

  handle(connection: Connection): ConnectionHandler {
    return this.parts.connect(connection, this);
  }

  explain(request: ExplainRequest): ProtocolExplanation {
    return this.parts.explain(request, this);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The route of a request: the first that matches, else the listener's default, if any. `path` as {@link routedPath} makes it. */
  route(host: string, path: string, head: RequestHead, facts: RequestFacts): CompiledRoute | undefined {
    return this.#router?.find(host, path, head, facts) ?? this.#fallback;
  }

  /**
   * Whether every usual reading of a path that is not plain meets this route, and no reading leaves the prefix that the route's transforms
   * add. Then no backend can take the path for one of another route.
   */
  isReadAlike(
    route: CompiledRoute,
    host: string,
    path: string,
    head: RequestHead,
    facts: RequestFacts,
  ): boolean {
    if (this.options.ambiguous_paths === 'literal') return true;
    if (this.#router?.looksAtPaths !== true && route.pathEdit === undefined) return true;
    const readings = otherReadings(path, route.paths);
    if (readings === undefined || (readings.hidesDots && route.pathEdit !== undefined)) return false;
    for (const reading of readings.paths) if (this.route(host, reading, head, facts) !== route) return false;
    return true;
  }

  /** The trailers of a request that are passed on. */
  passedTrailers(trailers: readonly FieldLine[]): readonly FieldLine[] {
    return this.certificateHeaders?.without(trailers) ?? trailers;
  }

  /** All routes by their hosts and paths, in the order in which they are tried, without the default. */
  get entries(): readonly RouteEntry<CompiledRoute>[] {
    return this.#router?.entries ?? [];
  }

  /** All routes, and last the listener's default, if it has one. */
  get routes(): readonly CompiledRoute[] {
    const routes = new Set(this.entries.map(({ route }) => route));
    return [...routes, ...(this.#fallback === undefined ? [] : [this.#fallback])];
  }

  begun(): void {
    this.#active += 1;
  }

  ended(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#whenIdle?.();
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      if (this.#active === 0) resolve();
    });
    await this.#filters?.close();
  }

  /** What becomes of requests that no route takes; undefined when nothing says it. */
  #compileDefault(): CompiledRoute | undefined {
    const { options, host } = this;
    const { default: action } = options;
    if (typeof action === 'number') return this.#compile(undefined, { respond: { status: action } });
    if (action !== undefined) return this.#compile(undefined, action);
    if (host.defaultUpstream === undefined) return undefined;
    return this.#compile(undefined, { upstream: host.defaultUpstream });
  }

  #compile(route: Route | undefined, action: RouteActions): CompiledRoute {
    const { host, options, parts } = this;
    const filters = FilterChain.of([
      ...parts.filtersOf(route?.name ?? '', host),
      ...(this.#filters?.of(route?.name ?? '') ?? []),
    ]);
    const split = RouteSplit.of(action, host);
    const target =
      action.upstream === undefined ? split?.upstreams[0] : host.upstream(action.upstream, 'keep-alive');
    return compileRoute(route, options, {
      upstream: target,
      mirror: this.#mirror(route?.mirror ?? options.mirror),
      split,
      settings: routeSettings(route, options, host.directory),
      answer: routeAnswer(action, host.directory),
      filters,
    });
  }

  #mirror(given: HttpMirror | undefined): Mirror | undefined {
    if (given === undefined || given.percent === 0) return undefined;
    const upstream = this.host.upstream(given.upstream, 'keep-alive');
    return { upstream, percent: given.percent, bodyLimitBytes: given.body_limit };
  }
}

/** The most backends that are remembered. The limit is needed because edits can bring new names without end. */
const MOST_REMEMBERED = 1_000;

/**
 * Backends whose responses break the grammar of HTTP. Such responses are passed on, but each costs a new connection. The log names each
 * backend once.
 */
class IrregularBackends {
  readonly #known = new Set<string>();

  /** Notes a backend. True when the log has not named it yet. */
  isFirst(backendName: string): boolean {
    if (this.#known.has(backendName) || this.#known.size >= MOST_REMEMBERED) return false;
    this.#known.add(backendName);
    return true;
  }
}
