/** A number of exchanges and tunnels that have ended. */
export interface TrafficCount {
  readonly exchanges: number;
  /** Those of them that failed by no fault of their client. */
  readonly failed: number;
}

/** What ended in a worker since it last said so. */
export interface CountedTraffic extends TrafficCount {
  /** Hash of the config that is live there. */
  readonly hash: string;
  /** What of it began under that config. */
  readonly begun: TrafficCount;
}
