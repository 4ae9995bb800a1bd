import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';
import type { EventLoopReading } from '../diagnostics/event-loop-watch.ts';
import { reloadSummaryJson, type ReloadReport } from './reload-report.ts';

/** A generation that traffic runs on. */
export interface GenerationReport {
  readonly id: number;
  /** Of the config that it was built from. */
  readonly hash: string;
  readonly loadedAtMs: number;
}

/** A generation that was replaced and still runs something. */
export interface DrainingReport extends GenerationReport {
  readonly replacedAtMs: number;
  /** When what it still runs is cut; undefined without `reload.drain_timeout`. */
  readonly cutAtMs: number | undefined;
  /** Exchanges and tunnels that it still runs. */
  readonly active: number;
  /** Where they run; a connection whose protocol does not tell has no upstream and no backend. */
  readonly holds: readonly {
    readonly listener: string;
    readonly protocol: string;
    readonly kind: 'exchange' | 'tunnel';
    readonly upstream: string;
    readonly backend: string;
    readonly count: number;
  }[];
}

export interface ListenerReport {
  readonly name: string;
  /** As it is bound. */
  readonly address: string;
  readonly protocol: string;
  readonly connections: number;
  /** 0: no limit. */
  readonly maxConnections: number;
  /** Connections that were refused because of the limit. */
  readonly refused: number;
  /** Connections that were closed at once because resources of our own ran short. */
  readonly shed: number;
  /** Connections that it can accept in one turn of the event loop. */
  readonly acceptDescriptors: number;
  /** True when it takes no more connections and ends with the last one. */
  readonly draining: boolean;
}

/** The protocols that listeners can speak. */
export interface PluginsReport {
  readonly loaded: readonly {
    readonly name: string;
    /** '' for one that comes with the proxy. */
    readonly file: string;
    /** Of everything that it consists of; '' for one that comes with the proxy. */
    readonly hash: string;
  }[];
  /** Files in the plugin folders that are not what runs. */
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
  /** What lies in the plugin folders and is passed over, although somebody may take it for a plugin. */
  readonly ignored: readonly { readonly file: string; readonly reason: string }[];
  /** How many states of plugins the process keeps in memory. */
  readonly importedStates: number;
}

/** Which of the ways are in use that make the proxy faster than the runtime's public API does. */
export interface RuntimeWaysReport {
  readonly interceptedAccept: boolean;
  readonly lateSocket: boolean;
  readonly sharedReads: boolean;
  readonly directText: boolean;
  readonly acceptBursts: boolean;
}

/** What the process may run out of. */
export interface ResourcesReport {
  /** Open files at most; undefined where it is not known, or there is no limit. */
  readonly limit: number | undefined;
  /** Those that are open; undefined where it is not known. */
  readonly open: number | undefined;
  /** Since when something fails for want of resources, ms since 1970; undefined while nothing does. */
  readonly shortSinceMs: number | undefined;
  /** How often each of them failed for that reason. */
  readonly counts: { readonly accept: number; readonly connect: number; readonly check: number };
}

/** What `/status` shows of the proxy; it adds what the process knows about itself. */
export interface StatusReport {
  readonly version: string;
  readonly startedAtMs: number;
  readonly ready: boolean;
  readonly generation: GenerationReport | undefined;
  readonly draining: readonly DrainingReport[];
  readonly listeners: readonly ListenerReport[];
  readonly plugins: PluginsReport;
  readonly resources: ResourcesReport;
  /** Also of the start. */
  readonly lastReload: ReloadReport | undefined;
  readonly runtimeWays: RuntimeWaysReport;
}

/** `GET /status`: what runs and since when, and the state of the process. */
export function statusRoute(report: () => StatusReport, eventLoop: () => EventLoopReading): AdminRoute {
  return get('/status', () => {
    const {
      version,
      startedAtMs,
      ready,
      generation,
      draining,
      listeners,
      plugins,
      resources,
      lastReload,
      runtimeWays,
    } = report();
    return jsonResponse(200, {
      version,
      node: process.versions.node,
      pid: process.pid,
      started_at: new Date(startedAtMs).toISOString(),
      uptime_seconds: Math.max(0, Math.round((Date.now() - startedAtMs) / 1_000)),
      ready,
      generation: generation?.id ?? 0,
      hash: generation?.hash ?? '',
      loaded_at: generation === undefined ? null : new Date(generation.loadedAtMs).toISOString(),
      draining_generations: draining.length,
      draining: draining.map(drainingJson),
      listeners: listeners.map(listenerJson),
      plugins: pluginsJson(plugins),
      resources: resourcesJson(resources),
      last_reload: lastReload === undefined ? null : reloadSummaryJson(lastReload),
      ...processJson(),
      event_loop: eventLoopJson(eventLoop()),
      runtime_ways: runtimeWaysJson(runtimeWays),
    });
  });
}

function drainingJson({
  id,
  hash,
  loadedAtMs,
  replacedAtMs,
  cutAtMs,
  active,
  holds,
}: DrainingReport): object {
  return {
    generation: id,
    hash,
    loaded_at: new Date(loadedAtMs).toISOString(),
    replaced_at: new Date(replacedAtMs).toISOString(),
    cut_at: cutAtMs === undefined ? null : new Date(cutAtMs).toISOString(),
    active,
    holds: holds.map(({ listener, protocol, kind, upstream, backend, count }) => ({
      listener,
      protocol,
      kind,
      upstream: upstream || null,
      backend: backend || null,
      count,
    })),
  };
}

function listenerJson(listener: ListenerReport): object {
  const { name, address, protocol, connections, maxConnections, refused, shed, acceptDescriptors, draining } =
    listener;
  return {
    name,
    address,
    protocol,
    connections,
    max_connections: maxConnections === 0 ? null : maxConnections,
    refused_total: refused,
    shed_total: shed,
    accept_descriptors: acceptDescriptors,
    draining,
  };
}

function resourcesJson({ limit, open, shortSinceMs, counts }: ResourcesReport): object {
  return {
    open_files: open ?? null,
    open_files_limit: limit ?? null,
    short_since: shortSinceMs === undefined ? null : new Date(shortSinceMs).toISOString(),
    clients_refused_total: counts.accept,
    connects_failed_total: counts.connect,
    checks_skipped_total: counts.check,
  };
}

function pluginsJson({ loaded, failures, ignored, importedStates }: PluginsReport): object {
  return {
    loaded: loaded.map(({ name, file, hash }) => ({ name, file: file || null, hash: hash || null })),
    failures: failures.map(({ file, reason }) => ({ file, reason })),
    ignored: ignored.map(({ file, reason }) => ({ file, reason })),
    imported_states: importedStates,
  };
}

function processJson(): object {
  const { user, system } = process.cpuUsage();
  return {
    memory: memoryJson(),
    cpu: { user_seconds: user / 1e6, system_seconds: system / 1e6 },
  };
}

/** null when no file descriptor is left, because Node.js opens a file for it. The rest of the status is needed most in such a moment. */
function memoryJson(): object | null {
  try {
    const memory = process.memoryUsage();
    return {
      rss_bytes: memory.rss,
      heap_used_bytes: memory.heapUsed,
      heap_total_bytes: memory.heapTotal,
      external_bytes: memory.external,
      array_buffers_bytes: memory.arrayBuffers,
    };
  } catch {
    return null;
  }
}

function eventLoopJson({ utilization, delayMs, windowMs }: EventLoopReading): object {
  return {
    utilization: rounded(utilization, 4),
    delay_ms: {
      mean: rounded(delayMs.mean, 2),
      p50: rounded(delayMs.p50, 2),
      p99: rounded(delayMs.p99, 2),
      max: rounded(delayMs.max, 2),
    },
    window_seconds: rounded(windowMs / 1_000, 1),
  };
}

function runtimeWaysJson(ways: RuntimeWaysReport): object {
  return {
    intercepted_accept: ways.interceptedAccept,
    late_socket: ways.lateSocket,
    shared_reads: ways.sharedReads,
    direct_text: ways.directText,
    accept_bursts: ways.acceptBursts,
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
