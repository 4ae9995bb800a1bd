import { MetricsAccess } from '../../../src/plugin-api/values/metrics-access.ts';
import type { MetricsPage, OwnMetrics } from '../../../src/plugin-api/index.ts';
import { routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { Answer } from '../message/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { ACCEPT } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import { namedClients } from '../forwarding/named-clients.ts';

/** The pages show the state of one moment: no cache may store them. */
const FRESH = 'Cache-Control: no-store\r\n';

/**
 * The paths that a listener answers itself, before any route is looked at: the health of its backends, and the metrics for those who
 * may read them. Telemetry does not count these requests: a probe that comes each second would be most of what it counts.
 */
export class OwnEndpoints {
  /** In the form of {@link ExchangeFacts.routedPath}; undefined where there is none. */
  readonly #healthPath: string | undefined;
  readonly #metricsPath: string | undefined;
  readonly #metrics: OwnMetrics | undefined;
  readonly #access: MetricsAccess;

  constructor(healthEndpoint: string | undefined, metrics: OwnMetrics | undefined) {
    this.#healthPath =
      healthEndpoint === undefined || healthEndpoint === '' ? undefined : routedConfigPath(healthEndpoint);
    this.#metrics = metrics;
    this.#metricsPath = metrics === undefined ? undefined : routedConfigPath(metrics.path);
    this.#access = new MetricsAccess(metrics?.allow ?? []);
  }

  /** Whether there are any: then the path of every request has to be looked at. */
  get areThere(): boolean {
    return this.#healthPath !== undefined || this.#metricsPath !== undefined;
  }

  /** Answers a request for one of the paths. False for any other path: the request goes on to the routes. */
  take(exchange: Exchange, head: RequestHead): boolean {
    const { routedPath: path } = exchange;
    if (path === this.#healthPath) showHealth(exchange);
    else if (path === this.#metricsPath && this.#metrics !== undefined)
      this.#showMetrics(exchange, head, this.#metrics);
    else return false;
    return true;
  }

  #showMetrics(exchange: Exchange, head: RequestHead, metrics: OwnMetrics): void {
    if (!this.#mayRead(exchange, head)) {
      const { instance, requestId, wantsJson } = exchange;
      const reason = 'the metrics are not for this client';
      exchange.answer(instance.errorPages.answer(403, reason, requestId, wantsJson));
    } else if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      exchange.answer({ status: 405, contentType: 'text/plain', body: '', fields: 'Allow: GET, HEAD\r\n' });
    } else {
      countAsOwn(exchange);
      const asked = {
        accept: head.joined(ACCEPT) || undefined,
        'accept-encoding': head.valueOf('accept-encoding'),
      };
      exchange.answerLater(metrics.page(asked).then(pageAnswer));
    }
  }

  #mayRead(exchange: Exchange, head: RequestHead): boolean {
    const { stream, client, instance } = exchange;
    return this.#access.mayRead(
      stream.connection.transport.peer.address,
      (name) => head.valueOf(name) !== undefined,
      () => (client.profile(instance).isTrusted ? namedClients(head, instance.trusted) : []),
    );
  }
}

/** Takes the exchange out of telemetry and tracing, as probes are many and nobody follows their traces. */
function countAsOwn(exchange: Exchange): void {
  exchange.isOwn = true;
  exchange.trace = undefined;
}

function showHealth(exchange: Exchange): void {
  countAsOwn(exchange);
  const { status, body } = exchange.instance.host.health();
  exchange.answer({ status, contentType: 'application/json', body, fields: FRESH });
}

function pageAnswer({ contentType, headers, body }: MetricsPage): Answer {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return { status: 200, contentType, body, fields: FRESH + fields.join('') };
}
