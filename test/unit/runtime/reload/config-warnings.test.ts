import { describe, expect, it } from 'vitest';
import { logLowLimit } from '../../../../src/runtime/reload/config-warnings.ts';
import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

/** What is logged for listeners with these limits, and one backend that keeps ten sockets ready. */
function warned(maxConnections: readonly number[], limit: number): readonly string[] {
  const logger = new RecordingLogger();
  const listeners = maxConnections.map((max_connections) => ({ max_connections }));
  const upstreams = [{ backends: [{}], connection_pool: { enabled: true, min_idle: 10 } }];
  logLowLimit({ listeners, upstreams } as unknown as Config, limit, logger);
  return logger.lines;
}

describe('a limit on open files', () => {
  it('is enough for two sockets a connection, those that are kept ready, and some more', () => {
    expect(warned([1_000, 500], 3_266)).toEqual([]);
    expect(warned([1_000, 500], 3_265)).toEqual([
      expect.stringContaining('"open_files_limit":3265,"needed":3266,"reason":"two for each connection'),
    ]);
  });

  it('should be at least 4096 where a listener has no limit', () => {
    expect(warned([0], 4_096)).toEqual([]);
    expect(warned([0], 1_024)).toEqual([
      expect.stringContaining('"needed":4096,"reason":"a listener without'),
    ]);
    expect(warned([0, 5_000], 4_096)).toEqual([expect.stringContaining('"needed":10266')]);
    expect(warned([0], Number.POSITIVE_INFINITY)).toEqual([]);
  });
});
