import { readFileSync, readdirSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { FORMATS } from '../../../../src/config/schema/formats.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { CONFIG_SCHEMA, resolveSchema, type SchemaNode } from '../../../../src/config/schema/schema.ts';
import { failureOf } from '../../../../src/config/schema/schema-check.ts';
import { TEMPLATE_VARIABLES, templateFault } from '../../../../plugins/http/forwarding/template.ts';

const TOP = new URL('../../../../', import.meta.url);
const EDITOR_SCHEMA = JSON.parse(
  readFileSync(new URL('schemas/editor.schema.json', TOP), 'utf8'),
) as SchemaNode & { readonly $comment: string };

const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
ajv.addVocabulary(['patternErrorMessage']);
ajv.addSchema(EDITOR_SCHEMA, 'editor');
const inEditor = ajv.compile({ $ref: 'editor#' });

/** The schema as the loader uses it, made once for all of its places. */
const loaderAjv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
loaderAjv.addVocabulary(['x-file', 'x-secret']);
for (const [name, format] of Object.entries(FORMATS))
  loaderAjv.addFormat(name, (text: string) => failureOf(() => format.parse(text)) === undefined);
// The variables of a template are checked by the rules of HTTP.
loaderAjv.addFormat(
  'header-template',
  (text: string) =>
    failureOf(() => FORMATS['header-template']!.parse(text)) === undefined &&
    templateFault(text, () => '') === undefined,
);
loaderAjv.addSchema(CONFIG_SCHEMA, 'loader');

/** Whether an editor takes a config as it is written. */
function editorTakes(text: string): boolean {
  return inEditor(parse(text));
}

/** Whether the loader takes it. */
function loaderTakes(text: string, env: Readonly<Record<string, string>> = {}): boolean {
  try {
    loadConfigText(text, 'x.yaml', { env, modes: ['http', 'tcp', 'echo', 'redis'] });
    return true;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return false;
    throw thrown;
  }
}

/** What people write, and mistype, of anything. */
const TEXTS = [
  ...[
    '',
    ' ',
    '0',
    '5',
    '-1',
    '1.5',
    'true',
    'x',
    'ä',
    'a b',
    'a\tb',
    'a\nb',
    '$',
    '${',
    '${host}',
    '${nothing}',
    '/',
    '*',
  ],
  ...[
    '0s',
    '5s',
    '150ms',
    '1m30s',
    '1.5h',
    '1d',
    '30d',
    '1d12h',
    '0.0s',
    '5 s',
    '5S',
    's',
    '.5s',
    '5.s',
    '1s1m',
    '1w',
    '-5s',
  ],
  ...['0B', '512B', '64KiB', '10MB', '1.5GiB', '1kB', '64K', '64kib', '1TB', 'MB'],
  ...[
    ':80',
    ':0',
    ':65535',
    ':65536',
    ':99999',
    ':080',
    ':',
    'a:1',
    'A.b:443',
    'a_b:1',
    'a..b:1',
    '-a:1',
    'a-:1',
    'a.:1',
  ],
  ...[
    'localhost',
    'localhost:8080',
    '192.0.2.1:80',
    '192.0.2.256:80',
    '1.2.3:80',
    '192.0.2.1',
    '1.2:3',
    '8080:80',
  ],
  ...[
    '[::1]:80',
    '[::1]',
    '[::1]:0',
    '[fe80::1%eth0]:80',
    '[x]:80',
    '::1',
    '::1:80',
    '2001:db8::53',
    'fe80::1%eth0',
  ],
  ...['unix:/a', 'unix:/a/', 'unix:/', 'unix:a', 'unix:1', 'unix:/run/app.sock', `unix:/${'x'.repeat(50)}`],
  ...[
    'http://a',
    'http://a/',
    'http://a:80',
    'HTTP://a:80/',
    'http://a:80/x',
    'http://a?x',
    'http://u@a',
    'https://a',
    'ftp://a',
    'http://',
    'http://[::1]',
    'http://[::1]:80',
    'http://a:0',
    'http://unix:/x',
  ],
  ...[
    '10.0.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '2001:db8::/32',
    '::/129',
    '::/0',
    '10.0.0.2:5353',
    '10.0.0.2:0',
    '[2001:db8::53]:5353',
  ],
  ...[
    'round-robin',
    'round_robin',
    'round robin',
    'p2c',
    'power-of-two-choices',
    'least-conn',
    'maglev',
    'Random',
    'hash',
  ],
  ...[
    'source-ip',
    'source_ip',
    'path',
    'header:X',
    'header:',
    'header:a b',
    'cookie:a',
    'query:a',
    'query:a=b',
    'ip',
  ],
  ...['200', '200-399', '200,204', '200, 204', '600', '2xx', '399-200', '200-', ',200'],
  ...['/a', '/a b', '/a?b', '/a#b', 'a/b', '/%41', '//'],
  ...[
    '*.example.com',
    'example.com.',
    'example.com..',
    '*example.com',
    '*.*.com',
    'a:80',
    'EXAMPLE.com',
    '1.2.3.4.5',
  ],
  ...[
    'X-A',
    'X A',
    'X:A',
    'X_A',
    'a.yaml',
    'conf.d/*.yaml',
    'conf.d/',
    '*/a.yaml',
    'a\0b',
    'stdout',
    '/var/log/x.log',
  ],
  ...[
    '0123456789abcdef',
    '0123456789abcde',
    '0123456789abcdef=',
    '0123456789abcd f',
    '^a$',
    '(',
    'status >= 500',
    'status >=',
    'x'.repeat(101),
  ],
];

/** Texts of which a pattern can't tell that the loader refuses them. */
const ONLY_THE_LOADER_KNOWS: Readonly<Record<string, readonly string[]>> = {
  duration: ['30d'],
  'positive-duration': ['30d'],
  'status-ranges': ['399-200'],
  'retry-condition': ['399-200'],
  regex: TEXTS,
  // Names of suites and groups are in lists of the loader; international names need a library.
  'cipher-suite': TEXTS,
  curve: TEXTS,
  'tls-name': TEXTS,
  'sni-name': TEXTS,
  'server-name': TEXTS,
  // Expressions have a grammar of their own.
  'log-filter': TEXTS,
};

function* nodesOf(node: SchemaNode, at: string): Generator<readonly [string, SchemaNode]> {
  yield [at, node];
  for (const [key, inner] of Object.entries(node.properties ?? {}))
    yield* nodesOf(inner, `${at}/properties/${key}`);
  if (node.items !== undefined) yield* nodesOf(node.items, `${at}/items`);
}

/** Every place of the schema that a file may have, by its JSON pointer. */
function* places(): Generator<readonly [string, SchemaNode]> {
  yield* nodesOf({ properties: CONFIG_SCHEMA.properties ?? {} }, '');
  for (const [name, definition] of Object.entries(CONFIG_SCHEMA.$defs ?? {})) {
    if (name !== 'config') yield* nodesOf(definition, `/$defs/${name}`);
  }
}

function editorAt(pointer: string): ValidateFunction {
  return ajv.compile({ $ref: `editor#${pointer}` });
}

const SCALARS = ['string', 'integer', 'number', 'boolean'];

/** The places whose values are no lists and no mappings. */
const VALUES = [...places()].filter(([, node]) => {
  const { type, ...rest } = resolveSchema(node);
  const types = type === undefined ? [] : [type].flat();
  return types.some((name) => SCALARS.includes(name)) || 'enum' in rest;
});

describe('the schema for editors', () => {
  it('is the one that all examples name', () => {
    for (const name of readdirSync(new URL('config/', TOP), { recursive: true }) as string[]) {
      if (!name.endsWith('.yaml')) continue;
      const [first = ''] = readFileSync(new URL(`config/${name}`, TOP), 'utf8').split('\n');
      const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(first)?.[1] ?? '';
      expect(new URL(schema, new URL(`config/${name}`, TOP)).href, name).toBe(
        new URL('schemas/editor.schema.json', TOP).href,
      );
    }
  });

  it('takes all examples as they are written', () => {
    for (const name of readdirSync(new URL('config/', TOP), { recursive: true }) as string[]) {
      if (!name.endsWith('.yaml')) continue;
      inEditor(parse(readFileSync(new URL(`config/${name}`, TOP), 'utf8')));
      expect(inEditor.errors ?? [], name).toEqual([]);
    }
  });

  it('takes the same numbers, truth values and texts as the loader at every place', () => {
    const probes = [...TEXTS, 0, 1, -1, 0.5, 99, 200, 1e9, true, false, null, [], {}];
    const misjudged: string[] = [];
    for (const [pointer, node] of VALUES) {
      const { format = '' } = resolveSchema(node);
      const loader = loaderAjv.compile({ $ref: `loader#${pointer}` });
      const editor = editorAt(pointer);
      const known = ONLY_THE_LOADER_KNOWS[format] ?? [];
      for (const probe of probes) {
        const [byLoader, byEditor] = [loader(probe), editor(probe)];
        if (byLoader === byEditor) continue;
        if (byEditor && typeof probe === 'string' && known.includes(probe)) continue;
        misjudged.push(
          `${pointer} (${format}): ${JSON.stringify(probe)} loader ${byLoader}, editor ${byEditor}`,
        );
      }
    }
    expect(VALUES.length).toBeGreaterThan(100);
    expect(misjudged).toEqual([]);
  });

  it('takes every example and default that the reference gives', () => {
    for (const [pointer, node] of VALUES) {
      const { examples = [], default: byDefault } = resolveSchema(node);
      const editor = editorAt(pointer);
      for (const value of [...examples, ...(byDefault === undefined ? [] : [byDefault])])
        expect(editor(value), `${pointer}: ${JSON.stringify(value)}`).toBe(true);
    }
  });

  it('takes a variable as any value, and refuses one that is mistyped', () => {
    for (const [pointer, node] of VALUES) {
      const editor = editorAt(pointer);
      for (const variable of ['${env:X}', '${env:X:-}', '${env:X_1:-a: b/c}'])
        expect(editor(variable), `${pointer}: ${variable}`).toBe(true);
      for (const mistyped of ['${env:}', '${env:1X}', '${env:X Y}', '${env:X', '${env:X:default}'])
        expect(editor(mistyped), `${pointer}: ${mistyped}`).toBe(false);
      const { type } = resolveSchema(node);
      const isText = type === undefined || [type].flat().includes('string');
      expect(editor('1${env:X}'), pointer).toBe(isText);
    }
  });

  it('says what is allowed where a text must have a form', () => {
    const words = new Map<string, string>();
    for (const [pointer, node] of VALUES) {
      const { format } = resolveSchema(node);
      if (format === undefined) continue;
      let place: unknown = EDITOR_SCHEMA;
      for (const part of pointer.split('/').slice(1)) place = (place as Record<string, unknown>)[part];
      const { patternErrorMessage } = resolveIn(place as SchemaNode) as { patternErrorMessage?: string };
      words.set(format, patternErrorMessage ?? '');
    }
    expect([...words.keys()].every((name) => name in FORMATS)).toBe(true);
    for (const [format, message] of words) expect(message, format).toMatch(/^must be ./);
    for (const variable of TEMPLATE_VARIABLES)
      expect(words.get('header-template')).toContain(`\${${variable}}`);
  });
});

function resolveIn(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  let target: unknown = EDITOR_SCHEMA;
  for (const part of node.$ref.slice(2).split('/')) target = (target as Record<string, unknown>)[part];
  return resolveIn(target as SchemaNode);
}

const WITH = (lines: string): string => `backends:\n  - { name: a, address: "a:1" }\n${lines}\n`;

describe('the schema for editors and the loader', () => {
  it.each([
    ['an unknown key', WITH('lisen: ":80"')],
    ['an unknown algorithm', WITH('load_balancer: { algorithm: fastest }')],
    ['an unknown algorithm of a route', 'routes:\n  - { path: /, backends: ["a:1"], strategy: fastest }\n'],
    ['an address without port', WITH('listen: localhost')],
    ['a port that does not exist', WITH('listen: ":70000"')],
    ['a backend without port', 'backends: [{ address: api }]\n'],
    ['a backend with a path', 'backends: [{ address: "http://api:80/v1" }]\n'],
    ['a duration without unit', WITH('timeouts: { connect: 5 }')],
    ['a duration with an unknown unit', WITH('timeouts: { connect: 5sec }')],
    ['a duration that must be longer than 0', WITH('timeouts: { connect: 0s }')],
    ['a size without unit', WITH('http: { limits: { body_size: 10 } }')],
    ['a size with an unknown unit', WITH('http: { limits: { body_size: 10M } }')],
    ['an unknown word', WITH('logging: { level: loud }')],
    ['a number in quotes', WITH('connection_pool: { max_size: "5" }')],
    ['a word for a number', WITH('max_connections: many')],
    ['a word for a truth value', WITH('metrics: { enabled: yes }')],
    ['a number that is too large', 'backends: [{ address: "a:1", weight: 70000 }]\n'],
    ['a key of another form', WITH('routes: [{ path: /, backends: ["a:1"] }]')],
    ['a path without slash', WITH('health_endpoint: health')],
    [
      'an unknown variable of a template',
      WITH('transform: { request_headers: [{ action: set, name: A, value: "${user}" }] }'),
    ],
    ['a header name with a space', WITH('transform: { request_headers: [{ action: remove, name: "A B" }] }')],
    ['a network that is none', WITH('http: { trusted_proxies: ["10.0.0.0/33"] }')],
    ['a key without value', WITH('logging:')],
    ['a token that is too short', WITH('admin: { token: secret }')],
  ])('both refuse %s', (_, text) => {
    expect({ editor: editorTakes(text), loader: loaderTakes(text) }).toEqual({
      editor: false,
      loader: false,
    });
  });

  it.each([
    ['an enum', WITH('logging: { level: "${env:V}" }'), 'debug'],
    ['a number', 'backends:\n  - address: "a:1"\n    weight: ${env:V}\n', '5'],
    ['a number in brackets', 'backends: [{ address: "a:1", weight: "${env:V}" }]\n', '5'],
    ['a truth value', WITH('metrics:\n  enabled: ${env:V}'), 'false'],
    ['the short form of the access log', WITH('logging:\n  access_log: ${env:V}'), 'true'],
    ['the mode of a gateway', 'routes: [{ path: /, backends: ["a:1"] }]\nmode: "${env:V}"\n', 'http'],
    ['a part of an address', WITH('listen: "127.0.0.1:${env:V}"'), '8080'],
    ['an address as a whole', WITH('listen: "${env:V}"'), ':8080'],
    ['a duration', WITH('timeouts: { connect: "${env:V}" }'), '1d'],
    ['an algorithm', WITH('load_balancer: { algorithm: "${env:V}" }'), 'p2c'],
    ['a name of digits', 'backends:\n  - address: "a:1"\n    name: ${env:V}\n', '0123'],
    ['an item of a list', WITH('http: { trusted_proxies: ["${env:V}"] }'), '10.0.0.0/8'],
    [
      'the action of a transform',
      WITH('transform: { request_headers: [{ action: "${env:V}", name: A, value: b }] }'),
      'set',
    ],
  ])('both take a variable for %s', (_, text, value) => {
    expect(inEditor(parse(text)), JSON.stringify(inEditor.errors)).toBe(true);
    expect(loaderTakes(text, { V: value })).toBe(true);
    expect(failureOf(() => loadConfigText(text, 'x.yaml', { env: {}, modes: ['http'] }))).toBeDefined();
  });
});
