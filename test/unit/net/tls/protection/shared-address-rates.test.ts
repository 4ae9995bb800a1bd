import { expect, it } from 'vitest';

import {
  memoryOfRates,
  SharedAddressRates,
} from '../../../../../src/net/tls/protection/shared-address-rates.ts';

/** The rates of three workers at one listener, and of one at another listener. */
function workers() {
  const memory = memoryOfRates();
  const rates = [1, 2, 3].map(() => new SharedAddressRates(memory, 'web'));
  return { rates, other: new SharedAddressRates(memory, 'other') };
}

const taken = (
  rates: readonly SharedAddressRates[],
  address: string,
  limit: number,
  atMs: number,
  times: number,
) =>
  Array.from({ length: times }, (_, time) => rates[time % rates.length]!.takes(address, limit, atMs)).filter(
    Boolean,
  ).length;

it('gives an address as many at all workers together as its limit says, at each listener', () => {
  const { rates, other } = workers();
  expect(taken(rates, '192.0.2.1', 5, 1_000, 20)).toBe(5);
  expect(taken(rates.slice(1), '192.0.2.2', 5, 1_000, 20)).toBe(5);
  expect(taken([other], '192.0.2.1', 5, 1_000, 20)).toBe(5);
});

it('gives them back evenly', () => {
  const { rates } = workers();
  expect(taken(rates, '192.0.2.1', 10, 0, 10)).toBe(10);
  let later = 0;
  for (let atMs = 1; atMs <= 3_000; atMs += 1) later += taken(rates, '192.0.2.1', 10, atMs, 3);
  expect(later).toBe(30);
});

it('counts all addresses of an IPv6 network as one, and has no limit at 0', () => {
  const { rates } = workers();
  expect(taken(rates, '2001:db8::1', 3, 0, 3)).toBe(3);
  expect(rates[2]!.takes('2001:db8::2', 3, 0)).toBe(false);
  expect(rates[2]!.takes('2001:db8:0:1::2', 3, 0)).toBe(true);
  expect(taken(rates, '192.0.2.1', 0, 0, 1_000)).toBe(1_000);
});

it('goes on where a worker looked at the clock a little earlier', () => {
  const { rates } = workers();
  expect(taken(rates, '192.0.2.1', 2, 1_000, 2)).toBe(2);
  expect(rates[0]!.takes('192.0.2.1', 2, 990)).toBe(false);
});

it('gives the place of an address whose tokens are back to others, and limits each worker where there is no place', () => {
  const { rates } = workers();
  const address = (index: number) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  for (let index = 0; index < 100_000; index += 1) rates[0]!.takes(address(index), 1, 0);
  let again = 0;
  for (let index = 0; index < 100_000; index += 1) if (rates[0]!.takes(address(index), 1, 0)) again += 1;
  expect(again).toBe(0);
  expect(taken(rates, address(5), 4, 5_000, 20)).toBe(4);
});
