/** Something that bytes flow through. */
export interface Flow {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** The bytes of many flows. Open flows are read when the sum is asked for, so that counting costs nothing for a byte. */
export class Traffic<F extends Flow = Flow> implements Flow {
  readonly #open = new Set<F>();
  #received = 0;
  #sent = 0;

  /** The open flows, oldest first. */
  get open(): ReadonlySet<F> {
    return this.#open;
  }

  begin(flow: F): void {
    this.#open.add(flow);
  }

  /** The flow is over: adds its bytes to the sum. To be called once for each flow. */
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
