import type { IncomingHttpHeaders } from 'node:http';
import type { HealthReport } from '../../plugin-api/host.ts';
import { jsonResponse } from '../server/admin-response.ts';
import type { AdminHandler } from '../server/admin-router.ts';

/** The paths of all endpoints but the metrics, whose path the config sets. */
export const ENDPOINT_PATHS = {
  health: '/health',
  live: '/live',
  ready: '/ready',
  version: '/version',
} as const;

/** `/health`: 200 while all backends are healthy, else 503. */
export function healthEndpoint(report: () => HealthReport): AdminHandler {
  return () => report();
}

/** `/live`: 200 as long as the process answers at all. */
export function liveEndpoint(): AdminHandler {
  return () => jsonResponse(200, { status: 'live' });
}

/** `/ready`: 200 while new connections are welcome; 503 during the start and once a shutdown began. */
export function readyEndpoint(isReady: () => boolean): AdminHandler {
  return () =>
    isReady() ? jsonResponse(200, { status: 'ready' }) : jsonResponse(503, { status: 'not ready' });
}

/** `/version`: of the proxy and of the runtime. */
export function versionEndpoint(version: string): AdminHandler {
  return () =>
    jsonResponse(200, {
      version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    });
}

/** The exposition of all metrics. */
export interface MetricsExposition {
  /** In the format and the coding that the header fields ask for. */
  page(headers: IncomingHttpHeaders): Promise<{
    readonly contentType: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
  }>;
}

/** The metrics, in one of Prometheus' text formats. */
export function metricsEndpoint(metrics: MetricsExposition): AdminHandler {
  return async (request) => {
    const { contentType, headers, body } = await metrics.page(request.headers);
    return { status: 200, contentType, headers, body };
  };
}
