import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';

import { RefusedTickets } from '../../../../../src/net/tls/contexts/refused-tickets.ts';
import { SharedTicketSet } from '../../../../../src/net/tls/contexts/ticket-set.ts';

const iv = (number: number): Buffer => Buffer.from(number.toString(16).padStart(32, '0'), 'hex');

async function turnEnds(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('refuses the tickets that were made right before a client was refused, as over TLS 1.2', async () => {
  const tickets = new RefusedTickets();
  tickets.made(iv(1));
  tickets.decided(true);
  await turnEnds();
  tickets.made(iv(2));
  tickets.decided(false);
  expect([1, 2].map((number) => tickets.takes(iv(number)))).toEqual([false, true]);
});

it('refuses the tickets that are made right after a client was refused, as over TLS 1.3', async () => {
  const tickets = new RefusedTickets();
  tickets.decided(true);
  tickets.made(iv(1));
  tickets.decided(false);
  tickets.made(iv(2));
  tickets.decided(true);
  tickets.made(iv(3));
  await turnEnds();
  tickets.made(iv(4));
  tickets.decided(false);
  expect([1, 2, 3, 4].map((number) => tickets.takes(iv(number)))).toEqual([false, true, false, true]);
});

it('forgets the oldest of very many', () => {
  const tickets = new RefusedTickets();
  tickets.decided(true);
  for (let number = 0; number <= 4096; number += 1) tickets.made(iv(number));
  expect([0, 1, 4096].map((number) => tickets.takes(iv(number)))).toEqual([true, false, false]);
});

it('knows only the newest of tickets whose handshakes never end', () => {
  const tickets = new RefusedTickets();
  for (let number = 0; number <= 8; number += 1) tickets.made(iv(number));
  tickets.decided(true);
  expect([0, 1, 8].map((number) => tickets.takes(iv(number)))).toEqual([true, false, false]);
});

it('knows the tickets that another thread has refused, where both have the same memory', () => {
  const shared = new SharedTicketSet();
  const here = new RefusedTickets(shared);
  const there = new RefusedTickets(new SharedTicketSet(shared.buffer));
  const refused = Array.from({ length: 100 }, () => randomBytes(16));
  here.decided(true);
  for (const ticket of refused) here.made(ticket);
  expect(refused.filter((ticket) => there.takes(ticket)).length).toBeLessThan(5);
  const others = Array.from({ length: 1000 }, () => randomBytes(16));
  expect(others.filter((ticket) => !there.takes(ticket))).toEqual([]);
});
