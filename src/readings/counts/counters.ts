/**
 * The counts of one thread as plain data, which can be sent to another thread. Only the counters that wrote it know its form: they read it in
 * the order in which they wrote it. Few long arrays take a fraction of the time that an object for each series takes to make, send and add up.
 */
export interface CounterReadings {
  readonly numbers: Float64Array;
  /** Names, and the few labels that are no closed list. */
  readonly texts: readonly string[];
  /** The bounds of each histogram's buckets, nearly always the same array. */
  readonly bounds: readonly (readonly number[])[];
}
