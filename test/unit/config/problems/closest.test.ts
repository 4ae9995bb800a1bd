import { describe, expect, it } from 'vitest';
import { closest } from '../../../../src/config/problems/closest.ts';

const keys = ['weight', 'address', 'name', 'max_connections', 'backends'];

describe('closest', () => {
  it.each([
    ['wieght', 'weight'],
    ['adress', 'address'],
    ['maxConnections', 'max_connections'],
    ['max-connections', 'max_connections'],
    ['Backend', 'backends'],
    ['nmae', 'name'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, keys)).toBe(meant);
  });

  it.each(['colour', 'x', 'tls'])('finds nothing near %s', (word) => {
    expect(closest(word, keys)).toBeUndefined();
  });
});
