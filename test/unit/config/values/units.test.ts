import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_AGE_MS,
  MAX_DURATION_MS,
  formatDuration,
  formatSize,
  formatUptime,
  parseDurationMs,
  parseSizeBytes,
} from '../../../../src/config/values/units.ts';

describe('parseDurationMs', () => {
  it.each([
    ['150ms', 150],
    ['5s', 5000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['2h0m5s', 7_205_000],
    ['1.5s', 1500],
    ['0.1h', 360_000],
    ['0', 0],
    ['0s', 0],
    ['576h', MAX_DURATION_MS],
    ['24d', MAX_DURATION_MS],
    ['1d', 86_400_000],
    ['1d12h', 129_600_000],
    ['0.5d', 43_200_000],
  ])('reads %s', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each([
    '',
    '5',
    '5 s',
    ' 5s',
    '5s ',
    '5S',
    '-5s',
    '+5s',
    '30s1m',
    '1s1s',
    '1w',
    '1h1d',
    '1D',
    '1e3s',
    '.5s',
    '5.s',
    's',
  ])('refuses %j', (text) => {
    expect(() => parseDurationMs(text)).toThrow('must be a duration such as 150ms, 5s, 1m30s, 12h or 1d');
  });

  it('refuses a fraction of a millisecond', () => {
    expect(() => parseDurationMs('1.5ms')).toThrow('must be a whole number of milliseconds');
  });

  it('refuses what no timer of Node can wait for', () => {
    expect(() => parseDurationMs('577h')).toThrow('must be at most 24d');
    expect(MAX_DURATION_MS).toBeLessThan(2 ** 31);
  });

  it('takes a longer one where no timer waits for it', () => {
    expect(parseDurationMs('30d', MAX_AGE_MS)).toBe(2_592_000_000);
    expect(() => parseDurationMs('3651d', MAX_AGE_MS)).toThrow('must be at most 3650d');
  });

  it('reads back whatever formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (durationMs) => {
        expect(parseDurationMs(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
  });
});

describe('parseSizeBytes', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['64KiB', 65_536],
    ['10MB', 10_000_000],
    ['1.5GiB', 1_610_612_736],
    ['1kB', 1000],
  ])('reads %s', (text, sizeBytes) => {
    expect(parseSizeBytes(text)).toBe(sizeBytes);
  });

  it.each(['', '64', '64 KiB', '64kib', '64K', '-1B', '1e3B', '1TB', '0x10B'])('refuses %j', (text) => {
    expect(() => parseSizeBytes(text)).toThrow('must be a size such as 512B, 64KiB or 10MB');
  });

  it('refuses a fraction of a byte', () => {
    expect(() => parseSizeBytes('0.5B')).toThrow('must be a whole number of bytes');
  });

  it('reads back whatever formatSize writes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 1024, 1024 ** 2), (count, unitBytes) => {
        expect(parseSizeBytes(formatSize(count * unitBytes))).toBe(count * unitBytes);
      }),
    );
  });
});

describe('formatUptime', () => {
  it.each([
    [0, '0s'],
    [999, '0s'],
    [42_000, '42s'],
    [61_500, '1m1s'],
    [8_130_000, '2h15m30s'],
    [7_205_000, '2h0m5s'],
    [360_000_000, '100h0m0s'],
    [-1, '0s'],
  ])('writes %d ms as %s', (uptimeMs, text) => {
    expect(formatUptime(uptimeMs)).toBe(text);
  });
});
