/** The requests of one backend in few numbers. */
export interface RequestTotals {
  readonly total: number;
  /** By `2xx`, `5xx` and so on; `none` where no status reached the client. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byError: Readonly<Record<string, number>>;
}

/** Spans since the start. */
export interface SpanCounts {
  /** Accepted by the collector. */
  readonly exported: number;
  /** Lost: the collector was away, the queue was full, or tracing was turned off. */
  readonly dropped: number;
}

/** The counts of telemetry about itself. */
export interface TelemetryReading {
  readonly spans: SpanCounts;
  /** Log lines that were dropped because an output stalled or failed. */
  readonly droppedLogLines: number;
  /** Exceptions of each protocol plugin that is loaded or ever failed. */
  readonly pluginFailures: readonly { readonly plugin: string; readonly count: number }[];
  /** Calls of telemetry subscribers that threw. */
  readonly subscriberFailures: number;
}
