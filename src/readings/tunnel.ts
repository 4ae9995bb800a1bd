/** The tunnels of one listener to one backend. */
export interface TunnelReading {
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the backend; undefined when the protocol did not say. */
  readonly backend: string | undefined;
  /** Tunnels that run. */
  readonly active: number;
  /** Tunnels since the start, running ones included. */
  readonly total: number;
  /** Bytes from clients, of running tunnels too. */
  readonly bytesReceived: number;
  /** Bytes to clients, of running tunnels too. */
  readonly bytesSent: number;
}
