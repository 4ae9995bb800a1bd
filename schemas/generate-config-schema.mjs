/** Puts the schema of config files together: what the core takes, and the options of each protocol that comes with the proxy. */
import { readFile } from 'node:fs/promises';
import { format } from 'prettier';

const top = new URL('../', import.meta.url);
const CORE = 'schemas/core.schema.json';
/** Each protocol owns the schema of its options. */
const PROTOCOLS = [
  'plugins/http/config/schema/options.schema.json',
  'plugins/tcp/config/schema/options.schema.json',
];

/** The text of schemas/config.schema.json. */
export async function generateConfigSchema() {
  const core = await read(CORE);
  const definitions = { ...core.$defs };
  for (const file of PROTOCOLS) {
    for (const [name, definition] of Object.entries((await read(file)).$defs)) {
      if (name in definitions) throw new Error(`${file}: the definition ${name} is taken`);
      definitions[name] = definition;
    }
  }
  const { $schema, ...rest } = core;
  const comment = `Generated from ${[CORE, ...PROTOCOLS].join(', ')} by \`npm run generate\`.`;
  const schema = { $schema, $comment: comment, ...rest, $defs: definitions };
  return format(JSON.stringify(schema, null, 2), { parser: 'json', printWidth: 110 });
}

async function read(file) {
  return JSON.parse(await readFile(new URL(file, top), 'utf8'));
}
