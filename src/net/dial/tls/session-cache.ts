/** More addresses than a config has backends, as a rule. */
const MAX_SESSIONS = 1_000;
/** A session takes 1 to 4 KiB, mostly the certificate and the ticket. A backend may send tickets of 64 KiB. */
const MAX_SESSION_BYTES = 16 * 1024;
/** After this time a backend must show its certificate again, however often its sessions were resumed meanwhile. */
const MAX_AGE_MS = 12 * 60 * 60 * 1_000;

/** A session that a new connection to the same server may resume. */
export interface KeptSession {
  readonly bytes: Buffer;
  /** Until when, in ms since 1970. A session that comes of it ends at the same time: the certificate was not shown again. */
  readonly endsAtMs: number;
}

/** The last TLS session with each server. When there are too many, the one that was set longest ago leaves. */
export class SessionCache {
  readonly #sessions = new Map<string, KeptSession>();
  readonly #nowMs: () => number;

  /** @param nowMs the time, in ms since 1970, which is what certificates end by */
  constructor(nowMs: () => number = () => Date.now()) {
    this.#nowMs = nowMs;
  }

  get(server: string): KeptSession | undefined {
    const session = this.#sessions.get(server);
    if (session === undefined || this.#nowMs() < session.endsAtMs) return session;
    this.#sessions.delete(server);
    return undefined;
  }

  /** Until when the sessions of a full handshake may be resumed, in which the server has shown a chain that is valid until `chainEndsAtMs`. */
  endOf(chainEndsAtMs: number): number {
    return Math.min(this.#nowMs() + MAX_AGE_MS, chainEndsAtMs);
  }

  set(server: string, session: KeptSession): void {
    this.#sessions.delete(server);
    if (session.bytes.length > MAX_SESSION_BYTES) return;
    this.#sessions.set(server, session);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      return;
    }
  }

  delete(server: string): void {
    this.#sessions.delete(server);
  }

  get size(): number {
    return this.#sessions.size;
  }
}
