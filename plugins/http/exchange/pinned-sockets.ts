import type { Lease, Upstream } from '../../../src/plugin-api/index.ts';

/** The most sockets of one connection. The limit is needed because edits may bring new names of upstreams without end. */
const MOST_SOCKETS = 16;

/**
 * Sockets to backends that serve only one client's connection, one socket an upstream: with NTLM and Negotiate a backend takes every
 * request on a socket for a request of the user who authenticated on it, and after a PROXY header for one of the client in it.
 */
export class PinnedSockets {
  /** By the name of the upstream, the oldest one first. */
  readonly #leases = new Map<string, Lease>();

  /** Takes out the socket for a request to that upstream; undefined when there is none, or it can't be used any more. */
  take(upstream: Upstream): Lease | undefined {
    const lease = this.#leases.get(upstream.name);
    if (lease === undefined) return undefined;
    this.#leases.delete(upstream.name);
    // An edit may have removed the backend from the upstream.
    if (upstream.takes(lease.backend)) return lease.resume() ? lease : undefined;
    endUnused(lease);
    return undefined;
  }

  /** Keeps the socket of a lease for the next request. Its exchange is over with `status`, and the backend keeps it open for `idleMs`. */
  pin(upstream: string, lease: Lease, status: number, idleMs: number): void {
    const before = this.#leases.get(upstream);
    if (before !== undefined) endUnused(before);
    this.#leases.delete(upstream);
    this.#leases.set(upstream, lease);
    lease.pin(status, idleMs);
    if (this.#leases.size <= MOST_SOCKETS) return;
    for (const [name, oldest] of this.#leases) {
      this.#leases.delete(name);
      endUnused(oldest);
      return;
    }
  }

  /** The client's connection is over: ends all sockets. */
  destroy(): void {
    for (const lease of this.#leases.values()) endUnused(lease);
    this.#leases.clear();
  }
}

/** Ends a lease on which no exchange runs, so it has no outcome. */
function endUnused(lease: Lease): void {
  lease.end(undefined, 0, 0);
}
