import type { CertificateReading } from '../../readings/certificate.ts';
import type { DrainingReading } from '../../readings/generation.ts';
import type { ListenerReading } from '../../readings/listener.ts';
import type {
  OverloadReading,
  PluginsReading,
  ResourcesReading,
  RuntimeWaysReading,
} from '../../readings/process.ts';
import type { StatusReading } from '../../readings/proxy.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';
import { steadyNowMs } from '../../time/steady-now.ts';
import type { EventLoopReading } from '../diagnostics/event-loop-watch.ts';
import { reloadSummaryJson } from './reload-json.ts';
import { upgradesJson } from './upgrade-json.ts';
import { workerJson } from './worker-json.ts';

const DAY_MS = 86_400_000;

/** `GET /status`: what runs and since when, and the state of the process. */
export function statusRoute(
  read: () => Promise<StatusReading>,
  eventLoop: () => EventLoopReading,
): AdminRoute {
  return get('/status', async () => {
    const {
      version,
      startedAtMs,
      ready,
      generation,
      draining,
      listeners,
      plugins,
      resources,
      overload,
      lastReload,
      upgrades,
      runtimeWays,
      certificates,
      ticketKeyAgeMs,
      workers,
      workersCrash,
      unanswered,
    } = await read();
    return jsonResponse(200, {
      version,
      node: process.versions.node,
      pid: process.pid,
      started_at: new Date(startedAtMs).toISOString(),
      uptime_seconds: Math.max(0, Math.round((steadyNowMs() - startedAtMs) / 1_000)),
      ready,
      generation: generation?.id ?? 0,
      hash: generation?.hash ?? '',
      loaded_at: generation === undefined ? null : new Date(generation.loadedAtMs).toISOString(),
      draining_generations: draining.length,
      draining: draining.map(drainingJson),
      listeners: listeners.map(listenerJson),
      certificates: certificatesJson(certificates),
      ticket_key_age_seconds: ticketKeyAgeMs === undefined ? null : Math.floor(ticketKeyAgeMs / 1_000),
      plugins: pluginsJson(plugins),
      resources: resourcesJson(resources),
      overload: overload === undefined ? null : overloadJson(overload),
      last_reload: lastReload === undefined ? null : reloadSummaryJson(lastReload),
      upgrades: upgradesJson(upgrades),
      workers: workers.map(workerJson),
      workers_crashing: workersCrash,
      unanswered,
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
}: DrainingReading): object {
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

function listenerJson(listener: ListenerReading): object {
  const { name, address, protocol, maxConnections, acceptDescriptors, draining, counts, gauges } = listener;
  const hasTls = gauges.expectsTls > 0;
  return {
    name,
    address,
    protocol,
    connections: gauges.connectionsActive,
    max_connections: maxConnections === 0 ? null : maxConnections,
    refused_total: counts.refused,
    shed_total: counts.shed,
    accept_descriptors: acceptDescriptors,
    tls: hasTls,
    tls_handshakes: gauges.handshakesActive,
    tls_hellos_awaited: gauges.hellosAwaited,
    max_tls_handshakes: hasTls && gauges.handshakesMax > 0 ? gauges.handshakesMax : null,
    proxy_protocol: gauges.demandsProxyHeader > 0,
    draining,
  };
}

function certificatesJson(certificates: readonly CertificateReading[]): object[] {
  return [...certificates]
    .sort((a, b) => a.notAfterMs - b.notAfterMs)
    .map(({ kind, file, names, subject, issuer, fingerprint256, notBeforeMs, notAfterMs, usedBy }) => ({
      kind,
      file,
      names,
      subject,
      issuer,
      fingerprint: fingerprint256,
      not_before: new Date(notBeforeMs).toISOString(),
      not_after: new Date(notAfterMs).toISOString(),
      days_left: Math.floor((notAfterMs - Date.now()) / DAY_MS),
      used_by: usedBy,
    }));
}

function resourcesJson({ limit, open, shortSinceMs, counts }: ResourcesReading): object {
  return {
    open_files: open ?? null,
    open_files_limit: limit ?? null,
    short_since: shortSinceMs === undefined ? null : new Date(shortSinceMs).toISOString(),
    clients_refused_total: counts.accept,
    connects_failed_total: counts.connect,
    checks_skipped_total: counts.check,
  };
}

/** What is refused at each level. */
const REFUSED = ['nothing', 'requests', 'connections'] as const;

function overloadJson({ event_loop_delay: byDelay, heap: byHeap }: OverloadReading): object {
  return { event_loop_delay: REFUSED[byDelay], heap: REFUSED[byHeap] };
}

function pluginsJson({ loaded, failures, ignored, importedStates }: PluginsReading): object {
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

function runtimeWaysJson(ways: RuntimeWaysReading): object {
  return {
    intercepted_accept: ways.interceptedAccept,
    late_socket: ways.lateSocket,
    shared_reads: ways.sharedReads,
    direct_text: ways.directText,
    direct_tls: ways.directTls,
    accept_bursts: ways.acceptBursts,
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
