/** Derives the TypeScript types of the normalized config from the schema. Run by `npm run generate`. */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';

const BANNER = '// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.';

/** One file for each place that needs the types: plugins import nothing from src/config, so they get their own. */
const OUTPUTS = [
  { file: 'src/config/config.generated.ts', root: 'config' },
  { file: 'plugins/http/options.generated.ts', root: 'httpOptions' },
  { file: 'plugins/tcp/options.generated.ts', root: 'tcpOptions' },
];

/** What a string of this format becomes when the config is normalized. */
const UNIT_OF_FORMAT = {
  duration: 'In ms.',
  'positive-duration': 'In ms.',
  size: 'In bytes.',
};

/** All generated files by their path from the top of the project. */
export async function generateTypes(top) {
  const schema = JSON.parse(await readFile(new URL('schemas/config.schema.json', top), 'utf8'));
  const files = new Map();
  for (const { file, root } of OUTPUTS) files.set(file, await typesOf(schema.$defs, root));
  return files;
}

async function typesOf(defs, root) {
  const definitions = {};
  collect(defs, root, definitions);
  const rootSchema = { ...definitions[root], definitions };
  delete definitions[root];
  const source = await compile(rootSchema, typeName(root), {
    bannerComment: BANNER,
    format: false,
    ignoreMinAndMaxItems: true,
    additionalProperties: false,
  });
  return format(readonly(source), {
    parser: 'typescript',
    singleQuote: true,
    printWidth: 110,
    trailingComma: 'all',
  });
}

/** Copies the definition and all that it refers to into `into`, in the shape of the normalized config. */
function collect(defs, name, into) {
  if (into[name] !== undefined) return;
  const definition = defs[name];
  const properties = {};
  const required = new Set(definition.required ?? []);
  into[name] = { title: typeName(name), description: definition.description, type: 'object' };
  for (const [key, property] of Object.entries(definition.properties)) {
    properties[key] = normalized(defs, property, into);
    // After normalization whatever has a default is there.
    if (property.default !== undefined || resolve(defs, property).default !== undefined) required.add(key);
  }
  Object.assign(into[name], { properties, required: [...required], additionalProperties: false });
}

function normalized(defs, property, into) {
  const target = resolve(defs, property);
  const name = referredName(property);
  if (name !== undefined && target.properties !== undefined) {
    collect(defs, name, into);
    return { $ref: `#/definitions/${name}` };
  }
  const description = described(target);
  if (target.type === 'array') return { type: 'array', items: normalized(defs, target.items, into), description };
  if (target.format in UNIT_OF_FORMAT) return { type: 'number', description };
  if (target.format === 'algorithm') return { enum: target.examples, description };
  if (target.enum !== undefined) return { enum: target.enum, description };
  if (Array.isArray(target.type)) return { type: 'string', description };
  if (target.type === 'object') {
    const values = target.additionalProperties;
    return { type: 'object', additionalProperties: values === true ? true : { type: values.type }, description };
  }
  return { type: target.type, description };
}

function described({ description, format: formatName, default: byDefault }) {
  const unit = UNIT_OF_FORMAT[formatName];
  const parts = [description];
  if (unit !== undefined) parts.push(unit);
  const scalar = byDefault !== undefined && typeof byDefault !== 'object';
  if (scalar) parts.push(`\n@default ${JSON.stringify(byDefault)}`);
  return parts.filter(Boolean).join(' ');
}

/** The schema that `$ref` points to, under the keywords that stand beside it. */
export function resolve(defs, schema) {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  let target = { $defs: defs };
  for (const part of $ref.slice(2).split('/')) target = target[part];
  return { ...resolve(defs, target), ...beside };
}

function referredName(schema) {
  return /^#\/\$defs\/(\w+)$/.exec(schema.$ref ?? '')?.[1];
}

function typeName(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function readonly(source) {
  return source
    .replaceAll(/^( *)("[^"]+"|\w+)(\??): /gm, '$1readonly $2$3: ')
    .replaceAll(/\[k: string\]/g, 'readonly [k: string]')
    .replaceAll(/\/\*\*\n\s*\* ([^\n]*)\n\s*\*\//g, '/** $1 */')
    .replaceAll(/^(export|\/\*\*)/gm, '\n$1')
    .replaceAll('*/\n\nexport', '*/\nexport')
    .replaceAll(/: (\(.*\)|\w+)\[\];?$/gm, ': readonly $1[];');
}

const top = new URL('../', import.meta.url);
if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [file, text] of await generateTypes(top)) await writeFile(new URL(file, top), text);
}
