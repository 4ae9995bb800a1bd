import { expect, it } from 'vitest';
import { MetricsAccess } from '../../../../src/plugin-api/values/metrics-access.ts';

const access = new MetricsAccess(['127.0.0.0/8', '10.0.0.7']);

it.each([
  { peer: '127.0.0.1', fields: [], clients: [], mayRead: true },
  { peer: '192.0.2.1', fields: [], clients: [], mayRead: false },
  { peer: 'unix', fields: [], clients: [], mayRead: true },
  // A proxy in between: the clients that it names must be allowed too.
  { peer: '127.0.0.1', fields: ['x-forwarded-for'], clients: ['10.0.0.7'], mayRead: true },
  { peer: '127.0.0.1', fields: ['x-forwarded-for'], clients: ['10.0.0.7', '192.0.2.1'], mayRead: false },
  { peer: '127.0.0.1', fields: ['via'], clients: [], mayRead: false },
  { peer: 'unix', fields: ['forwarded'], clients: [], mayRead: false },
  { peer: '192.0.2.1', fields: ['x-real-ip'], clients: ['10.0.0.7'], mayRead: false },
])('$peer with $fields for $clients may read the metrics: $mayRead', ({ peer, fields, clients, mayRead }) => {
  const hasField = (name: string): boolean => fields.some((field) => field === name);
  expect(access.mayRead(peer, hasField, () => clients)).toBe(mayRead);
});

it('takes a header field for a proxy that nobody trusts', () => {
  expect(access.mayRead('127.0.0.1', (name) => name === 'x-forwarded-for')).toBe(false);
});
