import { afterEach, describe, expect, it } from 'vitest';

import { OverloadGuard } from '../../../../src/net/overload/overload-guard.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const SETTINGS = {
  delayMs: { refuse: 100, pause: 400 },
  heapPercent: { refuse: 90, pause: 95 },
  retryAfterMs: 1_000,
};

const guards: OverloadGuard[] = [];
function guard(): OverloadGuard {
  const made = new OverloadGuard(new RecordingLogger());
  made.configure(SETTINGS);
  guards.push(made);
  return made;
}

afterEach(() => {
  for (const made of guards.splice(0)) made.destroy();
});

describe('a guard against overload', () => {
  it.each([
    [0, 0, 0],
    [101, 0, 1],
    [401, 0, 2],
    [0, 91, 1],
    [0, 96, 2],
    [101, 96, 2],
  ])('with a delay of %i ms and a heap of %i %% is at level %i', (delayMs, heapPercent, level) => {
    const made = guard();
    made.judge({ delayMs, heapPercent });
    expect(made.level).toBe(level);
    expect([made.refusesRequests, made.refusesConnections]).toEqual([level > 0, level > 1]);
  });

  it('goes back only well below a threshold', () => {
    const made = guard();
    const levels = [450, 350, 310, 90, 79].map((delayMs) => {
      made.judge({ delayMs, heapPercent: 0 });
      return made.level;
    });
    expect(levels).toEqual([2, 2, 1, 1, 0]);
  });

  it('refuses nothing once the config says so', () => {
    const made = guard();
    made.judge({ delayMs: 500, heapPercent: 0 });
    made.configure(undefined);
    expect(made.refusesRequests).toBe(false);
    made.judge({ delayMs: 500, heapPercent: 0 });
    expect(made.level).toBe(0);
  });

  it('logs each change once', () => {
    const logger = new RecordingLogger();
    const made = new OverloadGuard(logger);
    guards.push(made);
    made.configure(SETTINGS);
    for (const delayMs of [150, 160, 10]) made.judge({ delayMs, heapPercent: 0 });
    expect(logger.lines).toEqual([
      'warn This thread is overloaded: new requests get 503 {"level":1,"delay_ms":150,"heap_percent":0,"reason":"event_loop_delay"}',
      'warn This thread is no longer overloaded: nothing is refused {"level":0,"delay_ms":10,"heap_percent":0}',
    ]);
  });
});

describe('what a guard tells', () => {
  it('has a level for each reason, and nothing without settings', () => {
    const made = guard();
    made.judge({ delayMs: 101, heapPercent: 96 });
    expect(made.reading).toEqual({ event_loop_delay: 1, heap: 2 });
    made.judge({ delayMs: 0, heapPercent: 0 });
    expect(made.reading).toEqual({ event_loop_delay: 0, heap: 0 });
    made.configure(undefined);
    expect(made.reading).toBeUndefined();
  });

  it('says that it is over when the section goes while it refuses', () => {
    const logger = new RecordingLogger();
    const made = new OverloadGuard(logger);
    guards.push(made);
    made.configure(SETTINGS);
    made.judge({ delayMs: 500, heapPercent: 0 });
    made.configure(undefined);
    made.configure(undefined);
    expect(logger.lines).toEqual([
      'warn This thread is overloaded: new connections are closed {"level":2,"delay_ms":500,"heap_percent":0,"reason":"event_loop_delay"}',
      'warn This thread is no longer overloaded: nothing is refused {"level":0,"reason":"overload protection was turned off"}',
    ]);
  });
});
