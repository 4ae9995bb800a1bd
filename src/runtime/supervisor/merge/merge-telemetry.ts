import type { TelemetryReading } from '../../../readings/counts/telemetry.ts';
import { mergeByKey, sum } from './merge-by-key.ts';

/** The counts that the telemetry of several threads has about itself. */
export function mergeTelemetry(all: readonly TelemetryReading[]): TelemetryReading {
  return {
    spans: all.map(({ spans }) => spans).reduce(sum, { exported: 0, dropped: 0 }),
    droppedLogLines: all.reduce((total, { droppedLogLines }) => total + droppedLogLines, 0),
    pluginFailures: mergeByKey(
      all.map(({ pluginFailures }) => pluginFailures),
      ({ plugin }) => plugin,
      (merged, { count }) => ({ ...merged, count: merged.count + count }),
    ),
    subscriberFailures: all.reduce((total, { subscriberFailures }) => total + subscriberFailures, 0),
  };
}
