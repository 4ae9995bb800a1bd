import type { TunnelOptions } from '../../plugin-api/index.ts';
import { Traffic } from '../transport/traffic.ts';
import { Tunnel } from './tunnel.ts';

/** The tunnels of one listener to one backend. */
export class TunnelCount {
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the backend; undefined when the protocol did not say. */
  readonly backend: string | undefined;
  /** Tunnels that run. */
  active = 0;
  /** Tunnels since the start, those that run included. */
  total = 0;
  /** Bytes from clients and to clients. */
  readonly traffic = new Traffic();

  constructor(listener: string, backend: string | undefined) {
    this.listener = listener;
    this.backend = backend;
  }
}

/** Opens tunnels and counts them. */
export class TunnelStats {
  readonly #counts = new Map<string, Map<string | undefined, TunnelCount>>();

  open(options: TunnelOptions, listener: string): void {
    const count = this.#countOf(listener, options.backend?.name);
    count.active += 1;
    count.total += 1;
    // If a stream is over already, the tunnel may end inside its constructor.
    const running: { tunnel?: Tunnel; isOver?: true } = {};
    running.tunnel = new Tunnel({
      ...options,
      ended: (result) => {
        running.isOver = true;
        count.active -= 1;
        count.traffic.end(running.tunnel ?? result);
        options.ended(result);
      },
    });
    if (running.isOver === undefined) count.traffic.begin(running.tunnel);
  }

  /** The counts by listener and backend. A count without running tunnels is deleted when its listener or backend no longer exists. */
  *counts(listeners: ReadonlySet<string>, backends: ReadonlySet<string | undefined>): Iterable<TunnelCount> {
    for (const [listener, byBackend] of this.#counts) {
      for (const [backend, count] of byBackend) {
        const isKnown = listeners.has(listener) && (backend === undefined || backends.has(backend));
        if (isKnown || count.active > 0) yield count;
        else byBackend.delete(backend);
      }
      if (byBackend.size === 0) this.#counts.delete(listener);
    }
  }

  #countOf(listener: string, backend: string | undefined): TunnelCount {
    let byBackend = this.#counts.get(listener);
    if (byBackend === undefined) {
      byBackend = new Map();
      this.#counts.set(listener, byBackend);
    }
    let count = byBackend.get(backend);
    if (count === undefined) {
      count = new TunnelCount(listener, backend);
      byBackend.set(backend, count);
    }
    return count;
  }
}
