import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { exampleFolder } from '../../../support/labs/example-folder.ts';
import { loadConfig, loadConfigText } from '../../../support/labs/load-config.ts';
import { restorableText } from '../../../../src/config/schema/show-config.ts';

const folder = await exampleFolder();
const modes = ['http', 'tcp', 'echo', 'redis'];
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('the text that a config is kept as', () => {
  it.each(examples)('makes the same config again: %s', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    // Where there is a default, it counts.
    const env: Record<string, string> = {};
    for (const [, key = ''] of text.matchAll(/\$\{env:(\w+)\}/g)) env[key] = 'x'.repeat(40);
    const { config, file } = await loadConfig(join(folder, name), { env, modes });
    expect(loadConfigText(restorableText(config), file, { modes }).config).toEqual(config);
  });
});
