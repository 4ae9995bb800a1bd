import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ALGORITHMS } from '../../../../src/config/values/algorithm.ts';
import type { SchemaNode } from '../../../../src/config/schema/schema.ts';
import { CONFIG_SCHEMA, resolveSchema } from '../../../../src/config/schema/schema.ts';
import { TEMPLATE_VARIABLES } from '../../../../plugins/http/forwarding/template.ts';

type Generator = (schema: SchemaNode) => Promise<Map<string, string> | string>;

const top = new URL('../../../../', import.meta.url);

async function generatorOf(module: string, name: string): Promise<Generator> {
  const exports = (await import(new URL(`schemas/${module}`, top).href)) as Record<string, Generator>;
  return exports[name]!;
}

/** Every property that a file may have, with the definition that it belongs to. */
function* properties(): Iterable<readonly [string, SchemaNode]> {
  const definitions = Object.entries({ '': CONFIG_SCHEMA, ...CONFIG_SCHEMA.$defs });
  for (const [name, definition] of definitions) {
    if (name === 'config') continue;
    for (const [key, property] of Object.entries(definition.properties ?? {}))
      yield [`${name}.${key}`, property];
  }
}

describe('what is generated from the schema', () => {
  it('has a fresh schema of config files: run `npm run generate` when this fails', async () => {
    const generate = await generatorOf('generate-config-schema.mjs', 'generateConfigSchema');
    expect(await readFile(new URL('schemas/config.schema.json', top), 'utf8')).toBe(
      await generate(CONFIG_SCHEMA),
    );
  });

  it('has fresh types: run `npm run generate` when this fails', async () => {
    const generate = await generatorOf('generate-types.mjs', 'generateTypes');
    const files = (await generate(CONFIG_SCHEMA)) as Map<string, string>;
    expect(files.size).toBe(4);
    for (const [file, text] of files) expect(await readFile(new URL(file, top), 'utf8'), file).toBe(text);
  });

  it('has a fresh schema for editors: run `npm run generate` when this fails', async () => {
    const generate = await generatorOf('generate-editor-schema.mjs', 'generateEditorSchema');
    const text = await readFile(new URL('schemas/editor.schema.json', top), 'utf8');
    expect(text).toBe(await generate(CONFIG_SCHEMA));
  });

  it('has a fresh reference: run `npm run generate` when this fails', async () => {
    const generate = await generatorOf('generate-reference.mjs', 'generateReference');
    expect(await readFile(new URL('schemas/README.md', top), 'utf8')).toBe(await generate(CONFIG_SCHEMA));
  });

  it('has every key in the reference', async () => {
    const reference = await readFile(new URL('schemas/README.md', top), 'utf8');
    const missing = [...properties()]
      .filter(([name]) => !/^(listener|upstream|backendConfig|httpOptions|route)\./.test(name))
      .map(([name]) => name.split('.')[1]!)
      .filter((key) => !reference.includes(`| \`${key}\``));
    expect(missing).toEqual([]);
  });
});

describe('the schema', () => {
  it('describes every key', () => {
    const bare = [...properties()].filter(([, property]) => !('description' in resolveSchema(property)));
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  it('gives an example for every key that is no section', () => {
    const bare = [...properties()].filter(([name, property]) => {
      const { type, items, properties: inner, examples } = resolveSchema(property);
      const section = inner !== undefined || (type === 'array' && items?.$ref !== undefined);
      return !section && examples === undefined && name !== 'backendConfig.url';
    });
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  it('knows the same algorithms as the code', () => {
    const algorithm = resolveSchema({ $ref: '#/$defs/loadBalancer/properties/algorithm' });
    expect(algorithm.examples).toEqual(ALGORITHMS);
  });

  it('names the same variables as the code', () => {
    const { description } = resolveSchema({ $ref: '#/$defs/headerTransform/properties/value' }) as {
      description: string;
    };
    expect([...description.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1])).toEqual([
      ...TEMPLATE_VARIABLES,
    ]);
  });
});
