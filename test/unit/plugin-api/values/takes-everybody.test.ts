import { describe, expect, it } from 'vitest';
import { takesEverybody } from '../../../../src/plugin-api/values/takes-everybody.ts';

describe('takesEverybody', () => {
  it.each([
    '0.0.0.0/0',
    '::/0',
    '128.0.0.0/1',
    '64.0.0.0/2',
    '2000::/3',
    '::ffff:0.0.0.0/96',
    '::FFFF:0:0/96',
  ])('%s holds clients of all kinds', (network) => expect(takesEverybody(network)).toBe(true));

  it.each([
    '10.0.0.0/8',
    '0.0.0.0',
    '::',
    '192.0.2.1/32',
    'fc00::/7',
    '2001:db8::/32',
    '::ffff:10.0.0.0/104',
  ])('%s may be a network of proxies', (network) => expect(takesEverybody(network)).toBe(false));
});
