import type { ProxyProcess } from '../fuzz/proxy-process.ts';

/** The proxy's resources at one moment. */
export interface Sample {
  readonly atSeconds: number;
  readonly residentBytes: number;
  /** Old space: what survived collections, and what has not been collected yet. */
  readonly heapBytes: number;
  /** Without sockets to backends, which a pool may keep. */
  readonly fds: number;
  readonly backendSockets: number;
  readonly inFlight: number;
  readonly leased: number;
  readonly idle: number;
  readonly tunnels: number;
  /** Worst delay of the event loop since the sample before. */
  readonly loopDelayMs: number;
}

/** The sampling interval of the proxy's own measurement, which it counts in. */
const LOOP_PRECISION_MS = 50;

export async function takeSample(proxy: ProxyProcess, startedAtMs: number): Promise<Sample> {
  const metrics = await proxy.metrics();
  const backendSockets = metrics.sum('balance_backend_connections_active');
  return {
    atSeconds: (performance.now() - startedAtMs) / 1000,
    residentBytes: proxy.residentBytes(),
    heapBytes: metrics.sum('nodejs_heap_space_size_used_bytes', { space: 'old' }),
    fds: proxy.fds() - backendSockets,
    backendSockets,
    inFlight: metrics.sum('balance_backend_requests_in_flight'),
    leased: metrics.sum('balance_pool_connections_active'),
    idle: metrics.sum('balance_pool_connections_idle'),
    tunnels: metrics.sum('balance_tunnels_active'),
    loopDelayMs: Math.max(0, metrics.sum('nodejs_eventloop_lag_max_seconds') * 1000 - LOOP_PRECISION_MS),
  };
}

const MIB = 1024 * 1024;

export function sampleLine(sample: Sample): string {
  const { atSeconds, residentBytes, heapBytes, fds, backendSockets, inFlight, idle, tunnels, loopDelayMs } =
    sample;
  return [
    `${atSeconds.toFixed(0).padStart(5)} s`,
    `RSS ${(residentBytes / MIB).toFixed(0)} MiB`,
    `heap ${(heapBytes / MIB).toFixed(0)} MiB`,
    `${fds} fds`,
    `${backendSockets} backend sockets`,
    `${idle} idle`,
    `${inFlight} in flight`,
    `${tunnels} tunnels`,
    `loop ${loopDelayMs.toFixed(0)} ms`,
  ].join(', ');
}
