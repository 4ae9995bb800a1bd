import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { loadConfigText } from '../../../src/config/load-config.ts';
import type { ProtocolHost } from '../../../src/plugin-api/index.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const HOST = { listener: 'test' } as ProtocolHost;

async function directory(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'balance-plugins-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

function plugin(name: string, more = ''): string {
  return `export default { apiVersion: 1, name: '${name}', provision: (options) => ({ protocol: '${name}', active: 0, options, handle() {}, close: async () => {} }), ${more} };`;
}

async function load(files: Readonly<Record<string, string>>) {
  const logger = new RecordingLogger();
  const loader = new PluginLoader(logger);
  const path = await directory(files);
  await loader.loadDirectory(path);
  return { loader, logger, path };
}

describe('the plugin loader', () => {
  it('finds files and folders, and nothing else', async () => {
    const { loader, logger } = await load({
      'one.js': plugin('one'),
      'two.mjs': plugin('two'),
      'three/index.js': plugin('three'),
      'three/helper.js': 'throw new Error("not a plugin")',
      'README.md': '# plugins',
      'package.json': '{"type":"module"}',
      'three/package.json': '{"type":"module"}',
    });
    expect([...loader.names].sort()).toEqual(['one', 'three', 'two']);
    expect(loader.get('one')?.name).toBe('one');
    expect(loader.get('four')).toBeUndefined();
    expect(loader.failures).toEqual([]);
    expect(logger.lines.every((line) => line.startsWith('info plugin loaded'))).toBe(true);
  });

  it('follows links to files and folders', async () => {
    const real = await directory({
      'echo.mjs': plugin('linked-file'),
      'folder/index.mjs': plugin('linked-folder'),
    });
    const path = await directory({});
    await symlink(join(real, 'echo.mjs'), join(path, 'echo.mjs'));
    await symlink(join(real, 'folder'), join(path, 'folder'));
    const loader = new PluginLoader(new RecordingLogger());
    await loader.loadDirectory(path);
    expect([...loader.names].sort()).toEqual(['linked-file', 'linked-folder']);
  });

  it('has no plugins where there is no folder', async () => {
    const loader = new PluginLoader(new RecordingLogger());
    await loader.loadDirectory('/nowhere/plugins');
    expect(loader.names).toEqual([]);
  });

  it.each([
    ['a syntax error', 'export default {', /Unexpected|unexpected|Parse|parse|expected/],
    ['an exception', 'throw new Error("out of order");', /out of order/],
    ['a missing import', "import 'no-such-package-anywhere'; export default {};", /no-such-package-anywhere/],
    ['no default export', 'export const plugin = {};', /default export must be a protocol plugin/],
    ['a default export that is no object', 'export default 42;', /default export must be a protocol plugin/],
    [
      'another API version',
      "export default { apiVersion: 2, name: 'x', provision() {} };",
      /made for plugin API 2, this is 1/,
    ],
    [
      'no API version',
      "export default { name: 'x', provision() {} };",
      /made for plugin API undefined, this is 1/,
    ],
    ['no name', 'export default { apiVersion: 1, provision() {} };', /its name must be/],
    [
      'an odd name',
      "export default { apiVersion: 1, name: 'My Plugin', provision() {} };",
      /its name must be/,
    ],
    ['no provision', "export default { apiVersion: 1, name: 'x' };", /no provision function/],
    ['the name of a built-in one', plugin('http'), /http is built in/],
    [
      'a configSchema that is no schema',
      plugin('x', "configSchema: { type: 'strange' }"),
      /its configSchema can't be used/,
    ],
    ['a configSchema that is no object', plugin('x', 'configSchema: 42'), /its configSchema can't be used/],
  ])('refuses a plugin with %s, says why, and loads the others', async (_, text, reason) => {
    const { loader, logger } = await load({ 'broken.mjs': text, 'good.mjs': plugin('good') });
    expect(loader.names).toEqual(['good']);
    expect(loader.failures).toHaveLength(1);
    expect(loader.failures[0]).toMatch(/broken\.mjs: /);
    expect(loader.failures[0]).toMatch(reason);
    expect(logger.lines.filter((line) => line.startsWith('error plugin refused'))).toHaveLength(1);
  });

  it('loads what is new, and a file that changed again', async () => {
    const { loader, logger, path } = await load({
      'one.mjs': plugin('one'),
      'broken.mjs': 'export default {',
    });
    await writeFile(join(path, 'two.mjs'), plugin('two'));
    await writeFile(join(path, 'broken.mjs'), plugin('mended'));
    await loader.loadDirectory(path);
    expect([...loader.names].sort()).toEqual(['mended', 'one', 'two']);
    expect(loader.failures).toEqual([]);
    const lines = logger.lines.length;
    await loader.loadDirectory(path);
    expect(logger.lines).toHaveLength(lines);
  });

  it('keeps the version that works when a file is broken by an edit', async () => {
    const { loader, path } = await load({ 'one.mjs': plugin('one') });
    await writeFile(join(path, 'one.mjs'), 'export default {');
    await loader.loadDirectory(path);
    expect(loader.get('one')).toBeDefined();
    expect(loader.failures).toHaveLength(1);
  });

  it('loads what is built in', async () => {
    const loader = new PluginLoader(new RecordingLogger());
    await loader.loadFor('/nowhere/balance.yaml');
    expect([...loader.names].sort()).toEqual(['http', 'tcp']);
  });
});

const SCHEMA = `configSchema: {
  type: 'object',
  properties: {
    greeting: { type: 'string' },
    limit: { type: 'integer', minimum: 1, default: 7 },
    tags: { type: 'array', items: { type: 'string' } },
    'a/b': { type: 'boolean' },
  },
  required: ['greeting'],
  additionalProperties: false,
}`;

describe('the options of a plugin', () => {
  async function check(yaml: string): Promise<string> {
    const { loader } = await load({ 'echo.mjs': plugin('echo', SCHEMA) });
    const loaded = loadConfigText(yaml, 'test.yaml', { modes: ['http', 'tcp', 'echo'] });
    try {
      loader.check(loaded);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('are checked with the place in the file', async () => {
    expect(await check('mode: echo\noptions:\n  greeting: hi\n  limit: 0\n')).toBe(
      'test.yaml:4:10 options.limit must be >= 1',
    );
    expect(await check('mode: echo\noptions:\n  greeting: hi\n  limitt: 3\n')).toBe(
      'test.yaml:4:11 options.limitt is not a known key; did you mean "limit"?',
    );
  });

  it('are checked in each listener, with all problems at once', async () => {
    const message = await check(`
listeners:
  - { name: a, listen: '127.0.0.1:1', mode: echo, options: { greeting: hi } }
  - name: b
    listen: '127.0.0.1:2'
    mode: echo
    options:
      greeting: 5
      tags: [x, 7]
      a/b: 1
  - { name: c, listen: '127.0.0.1:3', mode: echo }
upstreams: []
`);
    expect(message.split('\n')).toEqual([
      'test.yaml:8:17 listeners[1].options.greeting must be text: put it in quotes',
      'test.yaml:9:17 listeners[1].options.tags[1] must be text: put it in quotes',
      'test.yaml:10:12 listeners[1].options["a/b"] must be true or false',
      'test.yaml:11:5 listeners[2].options must have the key greeting',
    ]);
  });

  it('are right when the schema says so', async () => {
    expect(await check('mode: echo\noptions: { greeting: hi, tags: [a, b], a/b: true }\n')).toBe('');
  });

  it('get the defaults of the schema, in a copy of their own', async () => {
    const { loader } = await load({ 'echo.mjs': plugin('echo', SCHEMA) });
    const options = { greeting: 'hi' };
    const instance = (await loader.get('echo')!.provision(options, HOST)) as unknown as { options: unknown };
    expect(instance.options).toEqual({ greeting: 'hi', limit: 7 });
    expect(options).toEqual({ greeting: 'hi' });
  });

  it('never reach the plugin when they are wrong', async () => {
    const { loader } = await load({ 'echo.mjs': plugin('echo', SCHEMA) });
    expect(() => loader.get('echo')!.provision({ greeting: 'hi', limit: 'many' }, HOST)).toThrow(
      'listener test: options.limit must be a whole number',
    );
  });

  it('may be anything without a schema', async () => {
    const { loader } = await load({ 'free.mjs': plugin('free') });
    const options = { any: [{ thing: 1 }] };
    const instance = (await loader.get('free')!.provision(options, HOST)) as unknown as { options: unknown };
    expect(instance.options).toEqual(options);
  });
});
