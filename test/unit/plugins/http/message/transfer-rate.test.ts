import { expect, it } from 'vitest';

import { leastRate, TransferRate } from '../../../../../plugins/http/message/transfer-rate.ts';

const LIMITS = { bytesPerMs: 0.5, windowMs: 30_000 };

/** Whether a peer lasts that moves so many bytes each `everyMs`, for so many times. */
function lasts(bytes: number, everyMs: number, times: number): boolean {
  const rate = new TransferRate(LIMITS, 0);
  for (let i = 1; i <= times; i++) if (!rate.moved(bytes, i * everyMs, true)) return false;
  return true;
}

it('has no rate where the config has none', () => {
  expect(leastRate(0, 30_000)).toBeUndefined();
  expect(leastRate(500, 30_000)).toEqual(LIMITS);
});

it('lets a peer live for ever at the least rate, however it is spread', () => {
  expect(lasts(500, 1_000, 10_000)).toBe(true);
  expect(lasts(15_000, 30_000, 1_000)).toBe(true);
});

it('finds out who drips once the window is over', () => {
  expect(lasts(1, 1_000, 30)).toBe(true);
  expect(lasts(1, 1_000, 31)).toBe(false);
});

it('gives no more credit than one window for what was moved before', () => {
  const rate = new TransferRate(LIMITS, 0);
  expect(rate.moved(1e9, 1_000, true)).toBe(true);
  expect(rate.moved(0, 31_000, true)).toBe(true);
  expect(rate.moved(0, 31_001, true)).toBe(false);
});

it('counts what arrives after a long rest before it judges', () => {
  const rate = new TransferRate(LIMITS, 0);
  expect(rate.moved(64 * 1024, 100_000, true)).toBe(true);
});

it('counts no time in which it is the turn of others', () => {
  const rate = new TransferRate(LIMITS, -1);
  expect(rate.moved(0, 1_000_000, true)).toBe(true);
  expect(rate.moved(0, 1_029_000, false)).toBe(true);
  expect(rate.moved(0, 9_000_000, true)).toBe(true);
  expect(rate.moved(0, 9_002_000, true)).toBe(false);
});
