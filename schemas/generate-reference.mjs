/** Writes the reference of all keys from the schema, as Markdown. */
import { format } from 'prettier';
import { definitionName, resolveSchema } from './resolve-schema.mjs';

/** The chapters in their order: a title, the definition that it shows, and where its keys stand in a file. */
const CHAPTERS = [
  { title: 'All forms', keys: ['admin', 'metrics', 'logging', 'tracing', 'plugins', 'reload', 'shutdown'] },
  {
    title: 'The flat form',
    intro: 'One listener and one group of backends.',
    keys: [
      'mode',
      'listen',
      'max_connections',
      'backends',
      'load_balancer',
      'connection_pool',
      'health_check',
      'health_check_interval',
      'queue',
      'timeouts',
      'transform',
      'health_endpoint',
      'http',
      'tcp',
      'options',
    ],
  },
  {
    title: 'The gateway form',
    intro:
      'Paths and the backends that serve them. All keys of the flat form but `backends`, `http.routes`, `tcp` and `options` may stand beside `routes`.',
    keys: ['routes'],
  },
  {
    title: 'Listeners and upstreams',
    intro:
      'Several listeners, protocols and groups of backends in one file. No key of the flat form may stand beside them.',
    keys: ['listeners', 'upstreams'],
  },
];

const HEAD = `# Configuration reference

Every key that a config file may have. This page is generated from [config.schema.json](config.schema.json) by \`npm run generate\`.

For completion and checks in an editor that has the YAML language server, begin the file with

\`\`\`yaml
# yaml-language-server: $schema=../schemas/config.schema.json
\`\`\`

Durations are written as \`150ms\`, \`5s\`, \`1m30s\` or \`1h\`, sizes as \`512B\`, \`64KiB\` or \`10MB\`, addresses as \`:8080\`, \`host:8080\`, \`[::1]:8080\` or \`unix:/path\`. Any value may hold \`\${env:NAME}\` or \`\${env:NAME:-default}\`; the default counts when the variable is unset or empty. A value that is nothing else, without quotes, is read as YAML would read it, so that numbers stay numbers.

A file is read in one of three forms: flat (\`mode\`, \`listen\`, \`backends\`), gateway (\`routes\`), or \`listeners\` with \`upstreams\`.
`;

export async function generateReference(schema) {
  const parts = [HEAD];
  const shown = new Set();
  for (const { title, intro, keys } of CHAPTERS) {
    parts.push(`## ${title}`);
    if (intro !== undefined) parts.push(intro);
    parts.push(table(schema, Object.fromEntries(keys.map((key) => [key, schema.properties[key]])), []));
    for (const key of keys) parts.push(...sections(schema, schema.properties[key], key, shown));
  }
  const missing = Object.keys(schema.properties).filter(
    (key) => !CHAPTERS.some((chapter) => chapter.keys.includes(key)),
  );
  if (missing.length > 0) throw new Error(`no chapter of the reference has ${missing.join(', ')}`);
  return format(parts.join('\n\n'), { parser: 'markdown' });
}

/** A section for a mapping and for every mapping below it. A definition that was shown before is not shown again. */
function sections(schema, property, path, shown) {
  const target = resolveSchema(schema, property);
  if (target.type === 'array') return sections(schema, target.items, `${path}[]`, shown);
  const name = definitionName(property);
  if (target.properties === undefined || name === undefined || shown.has(name)) return [];
  shown.add(name);
  const parts = [`### ${path}`, target.description, table(schema, target.properties, target.required ?? [])];
  for (const [key, inner] of Object.entries(target.properties)) {
    parts.push(...sections(schema, inner, `${path}.${key}`, shown));
  }
  return parts;
}

function table(schema, properties, required) {
  const rows = Object.entries(properties).map(([key, property]) => {
    const target = resolveSchema(schema, property);
    const cells = [
      `\`${key}\``,
      typeOf(schema, property),
      required.includes(key) ? '**required**' : code(target.default),
      allowed(schema, target),
      target.description ?? '',
      code(example(target)),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const heads = ['Key', 'Type', 'Default', 'Allowed', 'Meaning', 'Example'];
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n');
}

function typeOf(schema, property) {
  const target = resolveSchema(schema, property);
  const words = { string: 'text', integer: 'whole number', object: 'mapping' };
  const formats = { duration: 'duration', 'positive-duration': 'duration', size: 'size' };
  if (target.type === 'array') return `list of ${typeOf(schema, target.items)}`;
  if (target.format in formats) return formats[target.format];
  const types = Array.isArray(target.type) ? target.type : [target.type];
  return types.map((type) => words[type] ?? type).join(' or ');
}

function allowed(schema, target) {
  if (target.type === 'array') return allowed(schema, resolveSchema(schema, target.items));
  if (target.enum !== undefined) return target.enum.map(code).join(', ');
  if (target.format === 'algorithm') return target.examples.map(code).join(', ');
  if (target.format === 'duration') return '0 or longer';
  if (target.format === 'positive-duration') return 'longer than 0';
  if (target.format !== undefined) return target.format.replaceAll('-', ' ');
  if (target.minimum !== undefined) return `${target.minimum} to ${target.maximum}`;
  if (target.type === 'boolean') return '`true`, `false`';
  return '';
}

function example(target) {
  if (target.examples === undefined) return undefined;
  return target.examples.find((text) => text !== target.default) ?? target.examples[0];
}

function code(value) {
  if (
    value === undefined ||
    (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
  ) {
    return '';
  }
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
