/** More addresses than a config has backends, as a rule. A session takes 1 to 4 KiB. */
const MAX_SESSIONS = 1_000;

/** The last TLS session with each server. When there are too many, the one that was set longest ago leaves. */
export class SessionCache {
  readonly #sessions = new Map<string, Buffer>();

  get(server: string): Buffer | undefined {
    return this.#sessions.get(server);
  }

  set(server: string, session: Buffer): void {
    this.#sessions.delete(server);
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
