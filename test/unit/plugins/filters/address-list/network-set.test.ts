import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';

import { NetworkSet } from '../../../../../plugins/filters/address-list/network-set.ts';
import { SeededRandom } from '../../../../support/seeded-random.ts';

describe('a set of networks', () => {
  it.each([
    [
      ['10.0.0.0/8'],
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'],
      ['9.255.255.255', '11.0.0.0', '::10.0.0.1'],
    ],
    [['0.0.0.0/0'], ['0.0.0.0', '255.255.255.255'], ['::1']],
    [['192.0.2.7'], ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
    [['::ffff:192.0.2.0/120'], ['192.0.2.9', '::ffff:192.0.2.9'], ['192.0.3.0']],
    [['2001:db8::/33'], ['2001:db8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '2001:db7::']],
    [['::/0'], ['::', 'ffff::1', 'fe80::1%eth0'], ['10.0.0.1']],
    [[], [], ['10.0.0.1', '::1', 'unknown', '']],
  ])('of %j', (networks, inside, outside) => {
    const set = new NetworkSet(networks);
    expect(inside.filter((address) => !set.has(address))).toEqual([]);
    expect(outside.filter((address) => set.has(address))).toEqual([]);
  });

  it('merges what overlaps', () => {
    expect(
      new NetworkSet(['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/9', '11.0.0.0/8', '::/1', '::1']).ranges,
    ).toBe(3);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0',
    'example.com',
    '::/129',
    '::ffff:0.0.0.0/95',
    '10.0.0.0/8/8',
  ])('refuses %s', (text) => {
    expect(() => new NetworkSet([text])).toThrow(text);
  });

  it('says the same as Node.js for a thousand random networks', () => {
    const random = new SeededRandom(7);
    const number = (limit: number): number => Math.floor(random.next() * limit);
    const address = (): string => [10, number(4), number(256), number(256)].join('.');
    const networks = Array.from({ length: 1000 }, () => [address(), 16 + number(17)] as const);
    const list = new BlockList();
    for (const [network, length] of networks) list.addSubnet(network, length);
    const set = new NetworkSet(networks.map(([network, length]) => `${network}/${String(length)}`));
    for (let count = 0; count < 5000; count++) {
      const asked = address();
      expect(set.has(asked), asked).toBe(list.check(asked));
    }
  });
});
