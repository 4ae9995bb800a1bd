import { expect, it } from 'vitest';

import { backendsTable } from '../../../../src/cli/backends/backends-table.ts';

const SINCE = '2026-11-30T15:45:58.483Z';

function backend(name: string, member: object) {
  const upstreams = [
    { name: 'app', weight: 2, effective_weight: 2, state: 'healthy', circuit_breaker: null, ...member },
  ];
  return { name, address: 'localhost:1', active: 3, upstreams };
}

it('shows the weight that counts, since when, and why', () => {
  const backends = [
    backend('a', { since: SINCE, reason: null }),
    backend('b', { effective_weight: 0.5, since: SINCE, reason: 'slow start: 25 % of its weight' }),
    backend('c', { circuit_breaker: { state: 'recovering' }, since: SINCE, reason: 'it was\u001b[2J open' }),
    backend('d', { state: 'open', circuit_breaker: { state: 'open' }, since: null, reason: null }),
  ];
  expect(backendsTable({ backends }).split('\n')).toEqual([
    'UPSTREAM  BACKEND  ADDRESS      STATE       WEIGHT    ACTIVE  SINCE                     REASON',
    `app       a        localhost:1  healthy     2         3       ${SINCE}`,
    `app       b        localhost:1  healthy     0.5 of 2  3       ${SINCE}  slow start: 25 % of its weight`,
    `app       c        localhost:1  recovering  2         3       ${SINCE}  it was [2J open`,
    'app       d        localhost:1  open        2         3       -',
    '',
  ]);
});

it('shows what a proxy of an earlier version says', () => {
  expect(backendsTable({ backends: [backend('a', {})] })).toContain('healthy  2       3       -\n');
});
