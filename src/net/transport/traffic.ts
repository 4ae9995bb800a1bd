/** Something that bytes flow through. */
export interface Flow {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** The bytes of many flows. Those that are open are asked when somebody wants to know, so that a byte costs nothing. */
export class Traffic<F extends Flow = Flow> implements Flow {
  readonly #open = new Set<F>();
  #received = 0;
  #sent = 0;

  /** Those that are open, oldest first. */
  get open(): ReadonlySet<F> {
    return this.#open;
  }

  begin(flow: F): void {
    this.#open.add(flow);
  }

  /** Keeps its count for good; to be called once. */
  end(flow: F): void {
    this.#open.delete(flow);
    this.#received += flow.bytesReceived;
    this.#sent += flow.bytesSent;
  }

  get bytesReceived(): number {
    let bytes = this.#received;
    for (const flow of this.#open) bytes += flow.bytesReceived;
    return bytes;
  }

  get bytesSent(): number {
    let bytes = this.#sent;
    for (const flow of this.#open) bytes += flow.bytesSent;
    return bytes;
  }
}
