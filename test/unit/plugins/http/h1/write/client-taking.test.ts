import { expect, it } from 'vitest';

import { ClientTaking } from '../../../../../../plugins/http/h1/write/client-taking.ts';
import type { ByteStream } from '../../../../../../src/plugin-api/index.ts';
import { stoppedClock } from '../../../../../support/time/stopped-clock.ts';

const RATE = { bytesPerMs: 0.5, windowMs: 30_000 };

/** How many looks a client survives that takes so many bytes each time. */
function looks(rate: typeof RATE | undefined, takes: (look: number) => number, most = 1_000): number {
  const clock = stoppedClock();
  const stream = { bytesTaken: 0 };
  const taking = new ClientTaking(stream as ByteStream);
  taking.begin({ rate, timeoutMs: 60_000 });
  for (let look = 1; look <= most; look++) {
    stream.bytesTaken += takes(look);
    clock.advance(taking.lookMs);
    if (!taking.keepsPace()) return look - 1;
  }
  return most;
}

it('gives up on a client that takes nothing for the timeout', () => {
  expect(looks(RATE, () => 0)).toBe(11);
  expect(looks(undefined, () => 0)).toBe(0);
});

it('gives up on a client that takes too little', () => {
  expect(looks(RATE, () => 100)).toBe(6);
});

it('has patience with steps that are far apart, as the buffers of the system are large', () => {
  expect(looks(RATE, (look) => (look % 11 === 0 ? 30_000 : 0))).toBe(1_000);
});

it('has patience with any progress where there is no rate', () => {
  expect(looks(undefined, () => 1)).toBe(1_000);
});

it('does not count the time in which there was nothing to take', () => {
  const clock = stoppedClock();
  const stream = { bytesTaken: 0 };
  const taking = new ClientTaking(stream as ByteStream);
  for (let round = 0; round < 10; round++) {
    taking.begin({ rate: RATE, timeoutMs: 60_000 });
    clock.advance(4_000);
    stream.bytesTaken += 2_000;
    taking.end();
    clock.advance(3_600_000);
  }
  taking.begin({ rate: RATE, timeoutMs: 60_000 });
  clock.advance(5_000);
  expect(taking.keepsPace()).toBe(true);
});
