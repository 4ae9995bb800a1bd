import { Writable } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';

import { boundOutput } from '../../../../src/app/worker/bounded-output.ts';

const MIB = 1024 * 1024;

it('an output that takes nothing holds about 1 MiB, tells of drops once a minute, and goes on when it takes more', async () => {
  let goOn: () => void = () => undefined;
  const received: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      received.push(chunk);
      goOn = done;
    },
  });
  const told: number[] = [];
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  boundOutput(stream, (droppedWrites) => told.push(droppedWrites));
  const line = 'x'.repeat(MIB / 4);
  for (let writes = 0; writes < 100; writes++) stream.write(line);
  expect(stream.writableLength).toBe(MIB);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([96]);
  // Whoever waits for its write does not wait in vain.
  await new Promise((resolve) => {
    stream.write(line, 'utf8', resolve);
  });
  vi.advanceTimersByTime(59_000);
  expect(told).toEqual([96]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([96, 1]);
  goOn();
  expect(stream.write('again')).toBe(false);
  while (received.at(-1) !== 'again') {
    await new Promise((resolve) => setImmediate(resolve));
    goOn();
  }
  expect(received).toHaveLength(5);
});
