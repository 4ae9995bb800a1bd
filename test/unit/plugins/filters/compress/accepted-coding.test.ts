import { describe, expect, it } from 'vitest';

import { acceptedCoding } from '../../../../../plugins/filters/compress/accepted-coding.ts';

describe('the coding that a client accepts', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, br;q=0.5', 'gzip'],
    ['gzip;q=0.5, br;q=0.5', 'br'],
    ['gzip ; q = 0.001', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000, br;q=0', undefined],
    ['deflate', undefined],
    ['identity', undefined],
    ['identity;q=0.5, gzip;q=0.2', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
    ['*', 'br'],
    ['*, br;q=0', 'gzip'],
    ['*;q=0, gzip', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=', undefined],
    ['zstd, snappy', undefined],
    [', ,gzip,', 'gzip'],
  ])('(%j) is %j', (accepted, coding) => {
    expect(acceptedCoding(accepted, ['br', 'gzip'])).toBe(coding);
  });
});
