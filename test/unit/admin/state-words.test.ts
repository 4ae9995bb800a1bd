import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { MEMBER_STATES } from '../../../src/readings/upstreams/upstream.ts';

const README = new URL('../../../README.md', import.meta.url);

it('are all in the README, as metrics and as operators have them', () => {
  const [, section = ''] = readFileSync(README, 'utf8').split("### The words for a backend's state\n");
  const [table = ''] = section.split('\n### ');
  const rows = [...table.matchAll(/^\| `([\w-]+)` +\| `([\w-]+)` +\|/gm)].map(([, ...words]) => words);
  const shown: Record<string, string> = { up: 'healthy', down: 'unhealthy' };
  expect(rows.sort()).toEqual(MEMBER_STATES.map((state) => [shown[state] ?? state, state]).sort());
});
