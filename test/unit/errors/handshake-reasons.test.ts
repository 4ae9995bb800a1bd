import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { HANDSHAKE_REASONS } from '../../../src/errors/handshake-reasons.ts';

const DOCUMENT = new URL('../../../src/telemetry/metrics/README.md', import.meta.url);

it('are in the documentation as the log words them', () => {
  const [, table = ''] = readFileSync(DOCUMENT, 'utf8').split(/<!-- \/?reasons -->/);
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, reason, client, backend]) => [reason, { client, backend }] as const,
  );
  expect(Object.fromEntries(rows)).toEqual(HANDSHAKE_REASONS);
});
