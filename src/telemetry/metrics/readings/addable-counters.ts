import type { CounterReader } from './counter-reader.ts';
import type { CounterWriter } from './counter-writer.ts';

/** Counters that can be read and added up. Both use the same order, so that what one wrote the other can read. */
export interface AddableCounters {
  /** Writes all counts. */
  read(into: CounterWriter): void;
  /** Adds the counts that counters of the same class wrote. */
  add(from: CounterReader): void;
}
