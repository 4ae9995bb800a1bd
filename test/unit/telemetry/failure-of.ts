import type { LogSink } from '../../../src/telemetry/logs/output/log-sink.ts';
import { eventually } from '../../support/time/eventually.ts';

/** Has a sink write what it took, to an output that fails, and tells how that failed. */
export async function failureOf(sink: LogSink): Promise<Error> {
  if (await sink.flush(1)) throw new Error('the output took everything');
  return eventually(() => sink.lastError, 'the write failed');
}
