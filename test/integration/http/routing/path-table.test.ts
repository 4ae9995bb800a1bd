import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { routedPath } from '../../../../src/plugin-api/values/routed-path.ts';
import { fieldValues, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

const DOCUMENT = fileURLToPath(new URL('../../../../plugins/http/README.md', import.meta.url));
const ROW = /^\| `(.*?)` +\| `(.*?)` +\| (.*?) +\| (.*?) +\|$/gm;
const ROWS = [...readFileSync(DOCUMENT, 'utf8').matchAll(ROW)].map(
  ([, spelling, routed, byDefault, normalized]) => ({
    spelling: spelling!,
    routed: routed!,
    byDefault: byDefault!,
    normalized: normalized!,
  }),
);

/** The outcome for each path of the table. */
async function outcomes(options: string): Promise<string[]> {
  const stage = await scene({
    yaml: `
http:
  ${options}
  routes: [{ name: admin, path_prefix: /admin, backends: [one] }, { name: open, backends: [one] }]
transform: { response_headers: [{ action: set, name: X-Route, value: "\${route}" }] }`,
  });
  const found: string[] = [];
  for (const { spelling } of ROWS) {
    const response = await stage.exchange(get(`${spelling}?q=/../`));
    const forwarded = stage.seen.at(-1)?.startLine.split(' ')[1];
    found.push(
      statusOf(response) === 200
        ? `${fieldValues(response, 'x-route').join()} \`${forwarded!.replace('?q=/../', '')}\``
        : String(statusOf(response)),
    );
  }
  return found;
}

describe('the table of how paths are read', () => {
  it('says what routes see', () => {
    expect(ROWS.length).toBeGreaterThan(20);
    expect(ROWS.map(({ spelling }) => routedPath(spelling))).toEqual(ROWS.map(({ routed }) => routed));
  });

  it('says what becomes of a path by default', async () => {
    expect(await outcomes('')).toEqual(ROWS.map(({ byDefault }) => byDefault));
  });

  it('says what becomes of a path that is normalized', async () => {
    expect(await outcomes('normalize_path: true')).toEqual(ROWS.map(({ normalized }) => normalized));
  });
});
