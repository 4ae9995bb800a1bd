import type { Amounts } from '../../../readings/counts/counted.ts';
import type { CounterReadings } from '../../../readings/counts/counters.ts';
import type { TelemetryReading } from '../../../readings/counts/telemetry.ts';
import type { KnownNames, ProxyReadings, ScrapeReading, ThreadScrape } from '../../../readings/proxy.ts';
import type { TunnelReading } from '../../../readings/tunnel.ts';
import { sum } from './merge-by-key.ts';
import { mergeReadings, mergeTunnels } from './merge-readings.ts';
import { mergeTelemetry } from './merge-telemetry.ts';

/**
 * What each worker said last, for the metrics, whose counts must never fall. A worker that does not answer is shown as it was last. What one has
 * counted that ended is kept: its backends and listeners stand here until its replacement has answered, and then stay in the sums by name.
 */
export class LastScrapes {
  /** By the workers' numbers. */
  readonly #last = new Map<number, ThreadScrape>();
  /** The same of workers that ended, while there is no answer of their replacement. */
  readonly #ended = new Map<number, ProxyReadings>();
  #endedTunnels: readonly TunnelReading[] = [];
  #endedShortages: ProxyReadings['shortages'] = { accept: 0, connect: 0, check: 0 };
  #endedTelemetry: readonly TelemetryReading[] = [];

  took(worker: number, scrape: ThreadScrape): void {
    this.#last.set(worker, scrape);
    this.#ended.delete(worker);
  }

  /** A worker ended. Returns what it had counted; undefined when it never said. */
  ended(worker: number): CounterReadings | undefined {
    const last = this.#last.get(worker);
    if (last === undefined) return undefined;
    const { proxy, telemetry } = last;
    this.#last.delete(worker);
    this.#ended.set(worker, atRest(proxy));
    this.#endedTunnels = mergeTunnels([this.#endedTunnels, proxy.tunnels.map(overTunnel)]);
    this.#endedShortages = sum(this.#endedShortages, proxy.shortages);
    this.#endedTelemetry = [mergeTelemetry([...this.#endedTelemetry, telemetry])];
    return last;
  }

  /**
   * All of them as one; undefined when no worker ever answered.
   *
   * @param answered the workers that answered just now
   */
  read(answered: ReadonlySet<number>): ScrapeReading | undefined {
    const last = [...this.#last.values()];
    const merged = mergeReadings([...last.map(({ proxy }) => proxy), ...this.#ended.values()]);
    if (merged === undefined) return undefined;
    this.#forgetTunnels(merged);
    return {
      proxy: {
        ...merged,
        tunnels: mergeTunnels([merged.tunnels, this.#endedTunnels]),
        shortages: sum(merged.shortages, this.#endedShortages),
      },
      counts: {
        counters: last,
        telemetry: [...last.map(({ telemetry }) => telemetry), ...this.#endedTelemetry],
        runtimes: Array.from(this.#last, ([worker, { runtime }]) => ({ worker, runtime })).flatMap(
          ({ worker, runtime }) =>
            runtime === undefined || !answered.has(worker) ? [] : [{ worker, runtime }],
        ),
      },
    };
  }

  /** The names of all that a worker has shown last: counts of these may not be forgotten anywhere, or the sums would fall. */
  names(): KnownNames {
    const all = [...Array.from(this.#last.values(), ({ proxy }) => proxy), ...this.#ended.values()];
    return {
      backends: distinct(all, ({ backends }) => backends.map(({ name }) => name)),
      listeners: distinct(all, ({ listeners }) => listeners.map(({ name }) => name)),
      upstreams: distinct(all, ({ queues }) => queues.map(({ upstream }) => upstream)),
    };
  }

  /** Forgets tunnels of names that no longer exist. */
  #forgetTunnels({ listeners, backends }: ProxyReadings): void {
    const listenerNames = new Set(listeners.map(({ name }) => name));
    const backendNames = new Set(backends.map(({ name }) => name));
    this.#endedTunnels = this.#endedTunnels.filter(
      ({ listener, backend }) =>
        listenerNames.has(listener) && (backend === undefined || backendNames.has(backend)),
    );
  }
}

function distinct(
  all: readonly ProxyReadings[],
  namesOf: (one: ProxyReadings) => readonly string[],
): string[] {
  return [...new Set(all.flatMap(namesOf))];
}

function overTunnel(tunnel: TunnelReading): TunnelReading {
  return { ...tunnel, active: 0 };
}

/** What is left of a worker that ended: what it has counted, without anything that runs. */
function atRest(proxy: ProxyReadings): ProxyReadings {
  return {
    ...proxy,
    generations: proxy.generations.map((generation) => ({ ...generation, active: 0 })),
    listeners: proxy.listeners.map((listener) => ({ ...listener, gauges: zeros(listener.gauges) })),
    backends: proxy.backends.map((backend) => ({ ...backend, gauges: zeros(backend.gauges) })),
    queues: proxy.queues.map(({ upstream }) => ({ upstream, waiting: 0 })),
    tunnels: [],
    shortages: { accept: 0, connect: 0, check: 0 },
    overload: undefined,
  };
}

function zeros<T extends Amounts<T>>(amounts: T): T {
  return Object.fromEntries(Object.keys(amounts).map((name) => [name, 0])) as unknown as T;
}
