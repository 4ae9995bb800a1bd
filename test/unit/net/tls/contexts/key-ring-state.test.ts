import { expect, it } from 'vitest';

import { RotatingKeyRing } from '../../../../../src/net/tls/contexts/rotating-key-ring.ts';

const HOUR_MS = 3_600_000;

it('a ring that goes on with the keys of another one opens its tickets, makes the same ones, and rotates when that would have', () => {
  let nowMs = 5 * HOUR_MS;
  const before = new RotatingKeyRing(() => nowMs);
  const first = before.current();
  nowMs += 11 * HOUR_MS;
  const state = JSON.parse(JSON.stringify(before.export())) as ReturnType<typeof before.export>;

  let laterMs = 0;
  const after = new RotatingKeyRing(() => laterMs, state);
  expect(after.current()).toMatchObject(keyOf(first));
  expect(after.fixed).toEqual(before.fixed);
  expect(after.ageMs).toBe(11 * HOUR_MS);
  laterMs = 2 * HOUR_MS;
  expect(after.current().name).not.toEqual(first.name);
  expect(after.named(first.name)).toMatchObject(keyOf(first));
});

function keyOf({ name, hmacKey, aesKey }: ReturnType<RotatingKeyRing['current']>) {
  return { name, hmacKey, aesKey };
}
