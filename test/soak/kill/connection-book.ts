/** What ended one of the connections that a client had. */
export interface Break {
  readonly port: number;
  readonly why: string;
  readonly openedAtMs: number;
}

/** The connections of all clients, by their local ports, and those that broke. */
export class ConnectionBook {
  readonly #openedAtMs = new Map<number, number>();
  readonly #breaks: Break[] = [];
  /** Connects that were refused, and answers that were wrong. */
  readonly faults: string[] = [];
  answers = 0;
  connects = 0;

  get open(): number {
    return this.#openedAtMs.size;
  }

  opened(port: number): void {
    this.connects += 1;
    this.#openedAtMs.set(port, performance.now());
  }

  /** The client ended the connection itself. */
  closed(port: number): void {
    this.#openedAtMs.delete(port);
  }

  /** Somebody else did. */
  broke(port: number, why: string): void {
    const openedAtMs = this.#openedAtMs.get(port);
    if (openedAtMs === undefined) return;
    this.#openedAtMs.delete(port);
    this.#breaks.push({ port, why, openedAtMs });
  }

  /** Takes the breaks since the last call. */
  takeBreaks(): readonly Break[] {
    return this.#breaks.splice(0);
  }
}
