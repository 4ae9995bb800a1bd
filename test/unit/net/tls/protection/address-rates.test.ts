import { expect, it } from 'vitest';

import { AddressRates } from '../../../../../src/net/tls/protection/address-rates.ts';

const taken = (rates: AddressRates, address: string, limit: number, atMs: number, times: number): number =>
  Array.from({ length: times }, () => rates.takes(address, limit, atMs)).filter(Boolean).length;

it('gives each address as many at once as within a second', () => {
  const rates = new AddressRates();
  expect(taken(rates, '192.0.2.1', 5, 1_000, 20)).toBe(5);
  expect(taken(rates, '192.0.2.2', 5, 1_000, 20)).toBe(5);
});

it('gives them back evenly, also to one that asks all the time', () => {
  const rates = new AddressRates();
  expect(taken(rates, '192.0.2.1', 10, 0, 10)).toBe(10);
  let later = 0;
  for (let atMs = 1; atMs <= 3_000; atMs += 1) later += taken(rates, '192.0.2.1', 10, atMs, 3);
  expect(later).toBe(30);
});

it('counts all addresses of an IPv6 network as one', () => {
  const rates = new AddressRates();
  expect(taken(rates, '2001:db8::1', 3, 0, 3)).toBe(3);
  expect(rates.takes('2001:db8::2', 3, 0)).toBe(false);
  expect(rates.takes('2001:db8:0:1::2', 3, 0)).toBe(true);
});

it('has no limit at 0, and takes another limit at once', () => {
  const rates = new AddressRates();
  expect(taken(rates, '192.0.2.1', 0, 0, 1_000)).toBe(1_000);
  expect(rates.size).toBe(0);
  expect(taken(rates, '192.0.2.1', 1, 0, 5)).toBe(1);
  expect(rates.takes('192.0.2.1', 100, 500)).toBe(true);
});

it('remembers only so many addresses, and those that it saw longest ago are forgotten first', () => {
  const rates = new AddressRates();
  const address = (index: number) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  for (let index = 0; index < 200_000; index += 1) rates.takes(address(index), 1, 0);
  expect(rates.size).toBeLessThanOrEqual(65_536);
  expect(rates.takes(address(199_999), 1, 0)).toBe(false);
  expect(rates.takes(address(0), 1, 0)).toBe(true);
});

it('forgets addresses that have all their tokens again', () => {
  const rates = new AddressRates();
  for (let index = 0; index < 1_000; index += 1) rates.takes(`10.0.${index >> 8}.${index & 255}`, 10, 0);
  expect(rates.size).toBe(1_000);
  for (const atMs of [3_000, 6_000]) rates.takes('192.0.2.1', 10, atMs);
  expect(rates.size).toBe(2);
});

it('keeps a limit below one a second while an address asks again and again', () => {
  const rates = new AddressRates();
  let takenTimes = 0;
  for (let atMs = 0; atMs < 60_000; atMs += 100) takenTimes += taken(rates, '192.0.2.1', 1, atMs, 1);
  expect(takenTimes).toBe(60);
});
