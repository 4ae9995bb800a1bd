import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';

const directory = new URL('../../../config/', import.meta.url);
const examples = (await readdir(directory)).filter((name) => name.endsWith('.yaml'));

describe('the examples in config/', () => {
  it.each(examples)('%s loads without warnings', async (name) => {
    const file = new URL(name, directory).pathname;
    const loaded = await loadConfig(file, { modes: ['http', 'tcp'] });
    expect(loaded.warnings).toEqual([]);
  });
});
