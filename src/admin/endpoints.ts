import type { HealthReport } from '../plugin-api/host.ts';
import { jsonResponse } from './admin-response.ts';
import type { AdminHandler } from './admin-router.ts';

/** The paths of all endpoints but the metrics, whose path the config sets. */
export const ENDPOINT_PATHS = {
  health: '/health',
  live: '/live',
  ready: '/ready',
  version: '/version',
  status: '/status',
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

/** What `/status` shows of the proxy; it adds what the process knows about itself. */
export interface StatusReport {
  readonly version: string;
  readonly startedAtMs: number;
  /** Number of the live generation. */
  readonly generation: number;
  /** More of the proxy's state, in words of its own. Names are in snake_case. */
  readonly [name: string]: unknown;
}

/** `/status`: uptime, version, generation, memory. */
export function statusEndpoint(report: () => StatusReport, now: () => number = Date.now): AdminHandler {
  return () => {
    const { version, startedAtMs, generation, ...rest } = report();
    const memory = process.memoryUsage();
    return jsonResponse(200, {
      version,
      started_at: new Date(startedAtMs).toISOString(),
      uptime_seconds: Math.max(0, Math.round((now() - startedAtMs) / 1000)),
      generation,
      pid: process.pid,
      memory: {
        rss_bytes: memory.rss,
        heap_used_bytes: memory.heapUsed,
        heap_total_bytes: memory.heapTotal,
        external_bytes: memory.external,
      },
      ...rest,
    });
  };
}

/** The exposition of all metrics. */
export interface MetricsExposition {
  readonly contentType: string;
  render(): Promise<string>;
}

/** The metrics, in Prometheus' text format. */
export function metricsEndpoint(metrics: MetricsExposition): AdminHandler {
  return async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.render() });
}
