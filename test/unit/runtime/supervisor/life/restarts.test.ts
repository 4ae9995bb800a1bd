import { describe, expect, it } from 'vitest';

import { CrashWatch } from '../../../../../src/runtime/supervisor/life/crash-watch.ts';
import { RestartBackoff } from '../../../../../src/runtime/supervisor/life/restart-backoff.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';

describe('the wait before a worker is replaced', () => {
  it('is none at first, then doubles up to 30 seconds', () => {
    const backoff = new RestartBackoff();
    const waits = Array.from({ length: 8 }, () => backoff.ended(100));
    expect(waits).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('begins anew once a worker has served for a minute', () => {
    const backoff = new RestartBackoff();
    for (let end = 0; end < 5; end += 1) backoff.ended(59_999);
    expect(backoff.ended(60_000)).toBe(0);
    expect(backoff.ended(59_999)).toBe(1_000);
  });
});

describe('workers that end one after the other', () => {
  it('are told of when three end within ten seconds, once a minute', () => {
    const logger = new RecordingLogger();
    let now = 0;
    const crashes = new CrashWatch(logger, () => now);
    for (now of [0, 6_000, 10_001]) crashes.ended('exit');
    expect(crashes.isCrashing).toBe(false);
    expect(logger.lines).toEqual([]);
    now = 16_000;
    crashes.ended('its memory was full');
    expect(crashes.isCrashing).toBe(true);
    expect(logger.lines).toEqual([
      'error workers crash again and again {"ends":3,"within_ms":10000,"last_reason":"its memory was full"}',
    ]);
    for (now of [17_000, 46_000, 75_999]) crashes.ended('exit');
    expect(logger.lines).toHaveLength(1);
    for (now of [76_000, 76_001, 76_002]) crashes.ended('exit');
    expect(logger.lines.slice(1)).toEqual([
      'error workers crash again and again {"ends":4,"within_ms":60000,"last_reason":"exit"}',
    ]);
  });

  it('are known to crash until none has ended for a minute', () => {
    let now = 0;
    const crashes = new CrashWatch(new RecordingLogger(), () => now);
    // The waits of a worker that ends at once each time grow to half a minute.
    for (now of [0, 10, 1_010, 3_010, 33_010, 63_010]) crashes.ended('exit');
    now = 123_009;
    expect(crashes.isCrashing).toBe(true);
    now = 123_010;
    expect(crashes.isCrashing).toBe(false);
    crashes.ended('exit');
    expect(crashes.isCrashing).toBe(false);
  });
});
