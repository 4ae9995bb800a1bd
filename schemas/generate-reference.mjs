/** Writes the reference of all keys from the schema, as Markdown. */
import { format } from 'prettier';
import { definitionName, resolveSchema } from './resolve-schema.mjs';

/** The chapters in their order: a title, the definition that it shows, and where its keys stand in a file. */
const CHAPTERS = [
  {
    title: 'All forms',
    keys: [
      'include',
      'admin',
      'metrics',
      'logging',
      'tracing',
      'plugins',
      'dns',
      'slow_start',
      'outlier_detection',
      'resilience',
      'overload',
      'workers',
      'reload',
      'shutdown',
      'upgrade',
    ],
  },
  {
    title: 'The flat form',
    intro: 'One listener and one group of backends.',
    keys: [
      'mode',
      'listen',
      'max_connections',
      'tcp_keepalive',
      'socket_mode',
      'tls',
      'proxy_protocol',
      'backends',
      'load_balancer',
      'connection_pool',
      'health_check',
      'health_check_interval',
      'sticky',
      'queue',
      'timeouts',
      'transform',
      'mirror',
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

An editor with the YAML language server can complete and check the file. For this, begin the file with the line below. The line names [editor.schema.json](editor.schema.json), which is generated as well. This schema accepts a variable for each value, and it checks how addresses, durations and algorithms are written. An editor does not check how several values fit together; \`balance validate\` does.

\`\`\`yaml
# yaml-language-server: $schema=../schemas/editor.schema.json
\`\`\`

A duration is written as \`150ms\`, \`5s\`, \`1m30s\`, \`12h\` or \`1d\`; where the proxy waits for that time, 24 days are the most. A size is written as \`512B\`, \`64KiB\` or \`10MB\`, an address as \`:8080\`, \`host:8080\`, \`[::1]:8080\` or \`unix:/path\`.

Any value may contain a variable of the environment: \`\${env:NAME}\` or \`\${env:NAME:-default}\`. The default is used when the variable is unset or empty. When a variable is the whole value, its text is read as the type that the key needs: a number, a truth value or text. Quotes around it make no difference. Inside \`{ }\` and \`[ ]\` a variable must stand in quotes, because YAML would read its brace as the start of a mapping.

A file is read in one of three forms: flat (\`mode\`, \`listen\`, \`backends\`), gateway (\`routes\`), or \`listeners\` with \`upstreams\`.
`;

export async function generateReference(schema) {
  const missing = Object.keys(schema.properties).filter(
    (key) => !CHAPTERS.some((chapter) => chapter.keys.includes(key)),
  );
  if (missing.length > 0) throw new Error(`no chapter of the reference has ${missing.join(', ')}`);
  return format(new Reference(schema).text(), { parser: 'markdown' });
}

class Reference {
  #schema;
  /** Where each definition is shown: the path of its first use, by its name. */
  #sections = new Map();

  constructor(schema) {
    this.#schema = schema;
    for (const { keys } of CHAPTERS) {
      for (const key of keys) this.#place(schema.properties[key], key);
    }
  }

  text() {
    const parts = [HEAD];
    for (const { title, intro, keys } of CHAPTERS) {
      const properties = Object.fromEntries(keys.map((key) => [key, this.#schema.properties[key]]));
      parts.push(`## ${title}`, intro, this.#table({ properties }));
      for (const [name, path] of this.#sections) {
        if (!keys.includes(/^\w+/.exec(path)[0])) continue;
        const definition = this.#schema.$defs[name];
        parts.push(`### ${path}`, definition.description, this.#table(definition));
      }
    }
    return parts.filter(Boolean).join('\n\n');
  }

  #place(property, path) {
    const target = resolveSchema(this.#schema, property);
    if (target.type === 'array') return this.#place(target.items, `${path}[]`);
    if (typeof target.additionalProperties === 'object')
      return this.#place(target.additionalProperties, `${path}.NAME`);
    const name = definitionName(property);
    if (target.properties === undefined || name === undefined || this.#sections.has(name)) return;
    this.#sections.set(name, path);
    for (const [key, inner] of Object.entries(target.properties)) this.#place(inner, `${path}.${key}`);
  }

  #table({ properties, required = [] }) {
    const rows = Object.entries(properties).map(([key, property]) => {
      const target = resolveSchema(this.#schema, property);
      const cells = [
        `\`${key}\``,
        this.#typeOf(property),
        required.includes(key) ? '**required**' : code(target.default),
        this.#allowed(target),
        target.description,
        code(example(target)),
      ];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    const heads = ['Key', 'Type', 'Default', 'Allowed', 'Meaning', 'Example'];
    return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n');
  }

  #typeOf(property) {
    const target = resolveSchema(this.#schema, property);
    if (target.type === 'array') return `list of ${this.#typeOf(target.items)}`;
    const section = this.#sections.get(definitionName(property));
    if (section !== undefined) {
      const link = `[${section}](#${anchorOf(section)})`;
      if (target.format in FORMAT_WORDS) return `${FORMAT_WORDS[target.format]} or ${link}`;
      return Array.isArray(target.type) ? `boolean or ${link}` : link;
    }
    if (target.format in FORMAT_WORDS) return FORMAT_WORDS[target.format];
    // Words of a list, without a type of their own, are texts.
    return [target.type ?? 'string']
      .flat()
      .map((type) =>
        type === 'array' ? `list of ${this.#typeOf(target.items)}` : (TYPE_WORDS[type] ?? type),
      )
      .join(' or ');
  }

  #allowed(target) {
    if (target.type === 'array') return this.#allowed(resolveSchema(this.#schema, target.items));
    return allowed(target);
  }
}

const TYPE_WORDS = { string: 'text', integer: 'whole number', object: 'mapping' };
const FORMAT_WORDS = {
  duration: 'duration',
  'positive-duration': 'duration',
  size: 'size',
  age: 'duration',
  'age-or-zero': 'duration',
  'worker-count': 'number or `auto`',
};

/** The anchor that Markdown renderers give to a heading. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function allowed(target) {
  if (target.enum !== undefined) return [...new Set(target.enum.map(code))].join(', ');
  if (target.format === 'algorithm') return target.examples.map(code).join(', ');
  if (target.format === 'duration') return '0 or longer';
  if (target.format === 'positive-duration' || target.format === 'age') return 'longer than 0';
  if (target.format === 'log-output') return '`stdout`, `stderr`, a file';
  if (target.format === 'worker-count') return `${target.minimum} to ${target.maximum}, \`auto\``;
  if (target.format === 'log-filter') return 'an expression';
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
