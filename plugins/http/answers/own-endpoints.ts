import { MetricsAccess } from '../../../src/plugin-api/values/metrics-access.ts';
import type { Answer, HealthReport, MetricsPage, OwnMetrics } from '../../../src/plugin-api/index.ts';
import { routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { TrustedProxies } from '../forwarding/trusted-proxies.ts';
import { ACCEPT, FORWARDED, X_FORWARDED_FOR, X_REAL_IP } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import { claimedAddress, claimedAddressIn } from '../forwarding/claimed-address.ts';

/** The endpoints show the state of one moment, so no cache may store their answers. */
const FRESH = { 'Cache-Control': 'no-store' };

/** A request that may be for an endpoint: what an endpoint reads from the exchange, and how it answers. */
export interface EndpointRequest {
  readonly method: string;
  /** The path in the spelling that routes compare. */
  readonly routedPath: string;
  /** The address of the connected peer. */
  readonly peerAddress: string;
  /** Whether that peer is a trusted proxy. */
  readonly isPeerTrusted: boolean;
  /** Takes the exchange out of telemetry and tracing: probes are frequent, and nobody reads their traces. */
  countAsOwn(): void;
  answer(answer: Answer): void;
  answerLater(answer: Promise<Answer>): void;
  answerError(status: number, reason: string): void;
}

/**
 * The paths that a listener answers itself, before any route is tried: the health of its backends, and the metrics for clients that
 * may read them. Telemetry does not count these requests, because a probe each second would be most of what it counts.
 */
export class OwnEndpoints {
  /** In the form of {@link EndpointRequest.routedPath}; undefined when the listener has no health endpoint. */
  readonly #healthPath: string | undefined;
  readonly #metricsPath: string | undefined;
  readonly #metrics: OwnMetrics | undefined;
  readonly #access: MetricsAccess;
  readonly #health: () => HealthReport;
  readonly #trusted: TrustedProxies;

  constructor(
    healthEndpoint: string | undefined,
    { health, metrics }: { readonly health: () => HealthReport; readonly metrics: OwnMetrics | undefined },
    trusted: TrustedProxies,
  ) {
    this.#health = health;
    this.#trusted = trusted;
    this.#healthPath =
      healthEndpoint === undefined || healthEndpoint === '' ? undefined : routedConfigPath(healthEndpoint);
    this.#metrics = metrics;
    this.#metricsPath = metrics === undefined ? undefined : routedConfigPath(metrics.path);
    this.#access = new MetricsAccess(metrics?.allow ?? []);
  }

  /** Whether the listener has any endpoint, so that the path of every request must be compared. */
  get areThere(): boolean {
    return this.#healthPath !== undefined || this.#metricsPath !== undefined;
  }

  /** Answers a request for one of the paths. False for any other path: the request goes on to the routes. */
  take(request: EndpointRequest, head: RequestHead): boolean {
    const { routedPath: path } = request;
    if (path === this.#healthPath) this.#showHealth(request);
    else if (path === this.#metricsPath && this.#metrics !== undefined)
      this.#showMetrics(request, head, this.#metrics);
    else return false;
    return true;
  }

  #showHealth(request: EndpointRequest): void {
    request.countAsOwn();
    const { status, body } = this.#health();
    request.answer({ status, contentType: 'application/json', body, headers: FRESH });
  }

  #showMetrics(request: EndpointRequest, head: RequestHead, metrics: OwnMetrics): void {
    if (!this.#mayRead(request, head)) {
      request.answerError(403, 'the metrics are not for this client');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      request.answer({ status: 405, contentType: 'text/plain', headers: { Allow: 'GET, HEAD' } });
    } else {
      request.countAsOwn();
      const asked = {
        accept: head.joined(ACCEPT) || undefined,
        'accept-encoding': head.valueOf('accept-encoding'),
      };
      request.answerLater(metrics.page(asked).then(pageAnswer));
    }
  }

  #mayRead(request: EndpointRequest, head: RequestHead): boolean {
    return this.#access.mayRead(
      request.peerAddress,
      (name) => head.valueOf(name) !== undefined,
      () => (request.isPeerTrusted ? namedClients(head, this.#trusted) : []),
    );
  }
}

function pageAnswer({ contentType, headers, body }: MetricsPage): Answer {
  return { status: 200, contentType, body, headers: { ...FRESH, ...headers } };
}

const NAMING = [
  [X_FORWARDED_FOR, claimedAddress],
  [FORWARDED, claimedAddressIn],
  [X_REAL_IP, claimedAddress],
] as const;

/**
 * The clients that a trusted proxy names: one for each field that is there. It is '' for a field that holds anything but addresses, such
 * as `unknown`. Only permissions use this; logs show the one client that is certain.
 */
function namedClients(head: RequestHead, trusted: TrustedProxies): readonly string[] {
  return NAMING.filter(([field]) => head.fieldWith(field) >= 0).map(([field, addressOf]) => {
    const list = head.joined(field);
    const isCertain = list.split(',').every((element) => addressOf(element) !== '');
    return isCertain ? (trusted.clientOf(list, addressOf) ?? '') : '';
  });
}
