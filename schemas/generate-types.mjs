/** Derives TypeScript types from the schema. */
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';
import { definitionName, resolveSchema } from './resolve-schema.mjs';

const BANNER = '// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.';

/**
 * One file for each place that needs types. `normalized`: the shape after the load, with all defaults filled in
 * and units converted. Plugins import nothing from src/config, so they get their own.
 */
const OUTPUTS = [
  { file: 'src/config/schema/config.generated.ts', root: 'config', normalized: true },
  { file: 'src/config/schema/config-file.generated.ts', root: 'configFile', normalized: false },
  { file: 'plugins/http/config/schema/options.generated.ts', root: 'httpOptions', normalized: true },
  { file: 'plugins/tcp/config/schema/options.generated.ts', root: 'tcpOptions', normalized: true },
];

/** What numbers mean that stand for texts of these formats. */
const UNITS = {
  duration: 'In ms.',
  'positive-duration': 'In ms.',
  age: 'In ms.',
  'age-or-zero': 'In ms.',
  size: 'In bytes.',
  'socket-mode': 'As a number.',
};

/** The generated files: text by path from the top of the project. */
export async function generateTypes(schema) {
  const { $defs, description, properties } = schema;
  const root = { ...schema, $defs: { ...$defs, configFile: { description, properties } } };
  const files = new Map();
  for (const output of OUTPUTS) {
    files.set(output.file, await new TypeGenerator(root, output.normalized).generate(output.root));
  }
  return files;
}

class TypeGenerator {
  #root;
  #normalized;
  #definitions = {};

  constructor(root, normalized) {
    this.#root = root;
    this.#normalized = normalized;
  }

  async generate(rootName) {
    this.#add(rootName);
    const { [rootName]: rootDefinition, ...definitions } = this.#definitions;
    const source = await compile({ ...rootDefinition, definitions }, typeName(rootName), {
      bannerComment: BANNER,
      format: false,
      ignoreMinAndMaxItems: true,
      additionalProperties: false,
    });
    const options = { parser: 'typescript', singleQuote: true, printWidth: 110, trailingComma: 'all' };
    return format(polished(source), options);
  }

  /** Takes over a definition and all that it refers to. */
  #add(name) {
    if (this.#definitions[name] !== undefined) return;
    const { description, properties, required = [] } = this.#root.$defs[name];
    const definition = { title: typeName(name), description, type: 'object', additionalProperties: false };
    this.#definitions[name] = definition;
    const present = new Set(required);
    definition.properties = {};
    for (const [key, property] of Object.entries(properties)) {
      definition.properties[key] = this.#typeSchema(property);
      if (this.#normalized && resolveSchema(this.#root, property).default !== undefined) present.add(key);
    }
    definition.required = [...present];
  }

  /** A schema that says no more than the type of a value. */
  #typeSchema(property) {
    const name = definitionName(property);
    const target = resolveSchema(this.#root, property);
    if (name !== undefined && target.properties !== undefined) {
      this.#add(name);
      const section = { $ref: `#/definitions/${name}` };
      const others = [target.type].flat().filter((type) => type !== 'object');
      return others.length > 0 ? { anyOf: [...others.map((type) => ({ type })), section] } : section;
    }
    const description = this.#describe(target);
    if (target.type === 'array') return { type: 'array', items: this.#typeSchema(target.items), description };
    if (target.enum !== undefined && this.#normalized) {
      // The load turns numbers that stand for a text into that text.
      const words = target.enum.filter((word) => typeof word === 'string');
      return { enum: words.length > 0 ? words : target.enum, description };
    }
    if (target.enum !== undefined) return { enum: target.enum, description };
    if (target.type === 'object') {
      const values = target.additionalProperties;
      const additionalProperties = values === true ? true : this.#typeSchema(values);
      return { type: 'object', additionalProperties, description };
    }
    return { ...this.#scalarType(target), ...this.#itemsOf(target), description };
  }

  /** One value or a list of them. */
  #itemsOf({ type, items }) {
    return Array.isArray(type) && type.includes('array') ? { items: this.#typeSchema(items) } : {};
  }

  #scalarType(target) {
    if (!this.#normalized) return { type: target.type };
    if (target.format in UNITS) return { type: 'number' };
    if (target.format === 'worker-count') return { anyOf: [{ type: 'number' }, { enum: ['auto'] }] };
    if (target.format === 'algorithm') return { enum: target.examples };
    return { type: Array.isArray(target.type) ? 'string' : target.type };
  }

  #describe({ description, format: formatName, default: byDefault }) {
    const parts = [description];
    if (this.#normalized && formatName in UNITS) parts.push(UNITS[formatName]);
    if (byDefault !== undefined && typeof byDefault !== 'object') {
      parts.push(`\n@default ${JSON.stringify(byDefault)}`);
    }
    return parts.filter(Boolean).join(' ');
  }
}

function typeName(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Makes all readonly, and short comments one line. */
function polished(source) {
  return source
    .replaceAll(/^( *)("[^"]+"|\w+)(\??): /gm, '$1readonly $2$3: ')
    .replaceAll('[k: string]', 'readonly [k: string]')
    .replaceAll(/\/\*\*\n\s*\* ([^\n]*)\n\s*\*\//g, '/** $1 */')
    .replaceAll(/^(\/\*\* [^\n]* \*\/\n)?export /gm, '\n$&')
    .replaceAll(/: (\(.*\)|\w+)\[\];?$/gm, ': readonly $1[];');
}
