import type { IncomingHttpHeaders } from 'node:http';
import type { HealthReport } from '../../plugin-api/host.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import type { AdminHandler } from '../endpoint/admin-router.ts';

/** The paths of the endpoints for orchestrators. */
export const ENDPOINT_PATHS = {
  health: '/health',
  live: '/live',
  ready: '/ready',
  version: '/version',
} as const;

/** `/health`: 200 while all backends are healthy, else 503. */
export function healthEndpoint(report: () => Promise<HealthReport>): AdminHandler {
  return () => report();
}

/** `/live`: always 200, as long as the process answers. */
export function liveEndpoint(): AdminHandler {
  return () => jsonResponse(200, { status: 'live' });
}

/** `/ready`: 200 while new connections are accepted; 503 during the start and from the begin of a shutdown on. */
export function readyEndpoint(isReady: () => boolean): AdminHandler {
  return () =>
    isReady() ? jsonResponse(200, { status: 'ready' }) : jsonResponse(503, { status: 'not ready' });
}

/** `/version`: the versions of the proxy and of Node.js. */
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
  /** All metrics, in the format and coding that the header fields ask for. */
  page(headers: IncomingHttpHeaders): Promise<{
    readonly contentType: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
  }>;
}

/** The metrics in one of Prometheus' text formats. Their path is a setting of the config. */
export function metricsEndpoint(metrics: MetricsExposition): AdminHandler {
  return async (request) => {
    const { contentType, headers, body } = await metrics.page(request.headers);
    return { status: 200, contentType, headers, body };
  };
}
