import { expect, it } from 'vitest';

import { ClientTaking } from '../../../../../../plugins/http/h1/write/client-taking.ts';
import { LINGER_LOOK_MS, Lingering } from '../../../../../../plugins/http/h1/write/lingering.ts';
import { DryRunStream } from '../../../../../../plugins/http/explain/dry-run-stream.ts';
import { stoppedClock, type StoppedClock } from '../../../../../support/time/stopped-clock.ts';

const MIB = 1024 * 1024;

interface Lingered {
  readonly lingering: Lingering;
  readonly stream: DryRunStream;
  readonly clock: StoppedClock;
  /** How many looks it survives while so many bytes come between two of them. */
  looks(bytesBetween: number, most?: number): number;
}

function lingered(): Lingered {
  const clock = stoppedClock();
  const stream = new DryRunStream();
  const lingering = new Lingering(stream, new ClientTaking(stream));
  const looks = (bytesBetween: number, most = 1_000): number => {
    let survived = 0;
    while (survived < most) {
      lingering.received(bytesBetween);
      clock.advance(LINGER_LOOK_MS);
      if (lingering.isOver()) break;
      survived += 1;
    }
    return survived;
  };
  return { lingering, stream, clock, looks };
}

it('waits no longer for a client that sends nothing', () => {
  expect(lingered().looks(0)).toBe(0);
});

it('does not let itself be held by single bytes', () => {
  expect(lingered().looks(5)).toBe(0);
});

it('reads a large upload to its end, and then waits for one more interval', () => {
  const { looks, stream } = lingered();
  expect(looks(40 * MIB, 20)).toBe(20);
  expect(looks(0)).toBe(0);
  expect(stream.destroyed).toBe(false);
});

it('ends after five minutes, however fast the client sends', () => {
  expect(lingered().looks(MIB)).toBe(59);
});

it('ends at more bytes than any upload has', () => {
  const { lingering, stream } = lingered();
  for (let i = 0; i < 64; i++) lingering.received(1024 * MIB);
  expect(stream.destroyed).toBe(false);
  lingering.received(1);
  expect(stream.destroyed).toBe(true);
});

it('gives one more interval when the proxy ends', () => {
  const { lingering, looks } = lingered();
  expect(looks(MIB, 5)).toBe(5);
  lingering.hurry();
  expect(looks(MIB)).toBe(0);
});
