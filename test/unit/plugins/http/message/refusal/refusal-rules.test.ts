import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { REFUSAL_RULES } from '../../../../../../plugins/http/message/refusal/refusal-rules.ts';

const DOCUMENT = new URL('../../../../../../src/telemetry/metrics/README.md', import.meta.url);

it('lists in the documentation the rules that there are, with what they want', () => {
  const [, table = ''] = readFileSync(DOCUMENT, 'utf8').split(/<!-- \/?rules -->/);
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, rule, meaning]) => [
    rule,
    meaning,
  ]);
  expect(Object.fromEntries(rows)).toEqual(REFUSAL_RULES);
});
