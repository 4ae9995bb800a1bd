import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXAMPLES, exampleFolder } from '../../../support/labs/example-folder.ts';
import { loadConfig } from '../../../support/labs/load-config.ts';

const directory = EXAMPLES;
const folder = await exampleFolder();
const examples = (await readdir(directory)).filter((name) => name.endsWith('.yaml'));

describe('the examples in config/', () => {
  it('are there', () => {
    expect(examples).toEqual(
      expect.arrayContaining(['balance.yaml', 'gateway.yaml', 'listeners.yaml', 'tcp.yaml']),
    );
  });

  it.each(examples)('%s loads without warnings', async (name) => {
    const file = join(folder, name);
    const loaded = await loadConfig(file, { modes: ['http', 'tcp', 'echo', 'redis'] });
    expect(loaded.warnings).toEqual([]);
    expect(loaded.config.listeners.length).toBeGreaterThan(0);
  });

  it.each(examples)('%s tells editors where the schema is', async (name) => {
    const text = await readFile(new URL(name, directory), 'utf8');
    const [first = ''] = text.split('\n');
    const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(first)?.[1] ?? '';
    expect(basename(schema)).toBe('editor.schema.json');
    await expect(readFile(new URL(schema, directory), 'utf8')).resolves.toContain('"$defs"');
  });
});
