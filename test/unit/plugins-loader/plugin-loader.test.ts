import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { loadConfigText } from '../../../src/config/load-config.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { owned } from '../../support/owned.ts';
import { HOST, plainPlugin, PluginLab, pluginFolder, strangers } from '../../support/plugin-lab.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

async function load(files: Readonly<Record<string, string>>) {
  const lab = new PluginLab(await pluginFolder(files));
  const { plugins } = await lab.prepare();
  return { lab, plugins, loader: lab.loader, logger: lab.logger };
}

describe('the plugin loader', () => {
  it('finds files and folders, and nothing else', async () => {
    const { plugins, loader, logger } = await load({
      'one.js': plainPlugin('one'),
      'two.mjs': plainPlugin('two'),
      'three/index.js': plainPlugin('three'),
      'three/helper.js': 'throw new Error("not a plugin")',
      'four/index.mjs': plainPlugin('four'),
      'four/index.js': 'throw new Error("index.mjs counts")',
      'node_modules/dependency/index.js': 'throw new Error("not a plugin")',
      '.hidden.mjs': 'throw new Error("not a plugin")',
      'one.js~': 'throw new Error("what an editor left behind")',
      'empty-folder/README.md': 'nothing to import',
      'README.md': '# plugins',
      'package.json': '{"type":"module"}',
      'three/package.json': '{"type":"module"}',
    });
    expect(strangers(plugins)).toEqual(['four', 'one', 'three', 'two']);
    expect(plugins.get('one')?.name).toBe('one');
    expect(plugins.get('five')).toBeUndefined();
    expect(loader.failures).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  it('follows links to files and folders', async () => {
    const real = await pluginFolder({
      'echo.mjs': plainPlugin('linked-file'),
      'folder/index.mjs':
        "import { name } from './name.mjs'; export default { apiVersion: 1, name, provision() {} };",
      'folder/name.mjs': "export const name = 'linked-folder';",
    });
    const lab = new PluginLab(await pluginFolder({}));
    await symlink(join(real, 'echo.mjs'), join(lab.directory, 'echo.mjs'));
    await symlink(join(real, 'folder'), join(lab.directory, 'folder'));
    await symlink(join(real, 'nothing'), join(lab.directory, 'broken-link.mjs'));
    expect(strangers((await lab.prepare()).plugins)).toEqual(['linked-file', 'linked-folder']);
    expect(lab.loader.failures).toEqual([]);
  });

  it('has no plugins where there is no folder', async () => {
    const lab = new PluginLab('/nowhere/plugins');
    expect(strangers((await lab.prepare()).plugins)).toEqual([]);
  });

  it.each([
    [
      'a syntax error',
      'const one = 1;\nexport default {\n  x: 5 5\n};',
      /Unexpected number \(broken\.mjs:3\)/,
    ],
    ['an exception', '\nthrow new Error("out of order");', /out of order \(broken\.mjs:2:7\)/],
    ['an exception that is no error', 'throw undefined;', /undefined/],
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
    ['the name of a built-in one', plainPlugin('http'), /http is built in/],
    [
      'a configSchema that is no schema',
      plainPlugin('x', "configSchema: { type: 'strange' }"),
      /its configSchema can't be used/,
    ],
    [
      'a configSchema that is no object',
      plainPlugin('x', 'configSchema: 42'),
      /its configSchema can't be used/,
    ],
    ['no content', '', /it is empty/],
  ])('refuses a plugin with %s, says why, and loads the others', async (_, text, reason) => {
    const { plugins, loader, logger } = await load({ 'broken.mjs': text, 'good.mjs': plainPlugin('good') });
    expect(strangers(plugins)).toEqual(['good']);
    expect(loader.failures).toHaveLength(1);
    expect(loader.failures[0]!.file).toMatch(/broken\.mjs$/);
    expect(loader.failures[0]!.reason).toMatch(reason);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(/^error plugin refused .*broken\.mjs/);
  });

  it('loads what is built in', async () => {
    const loader = owned(new PluginLoader(new RecordingLogger()));
    expect([...(await loader.loadFor('/nowhere/balance.yaml')).names].sort()).toEqual(['http', 'tcp']);
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
    const { plugins } = await load({ 'echo.mjs': plainPlugin('echo', SCHEMA) });
    const loaded = loadConfigText(yaml, 'test.yaml', { modes: ['http', 'tcp', 'echo'] });
    try {
      plugins.check(loaded);
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
    const { plugins } = await load({ 'echo.mjs': plainPlugin('echo', SCHEMA) });
    const options = { greeting: 'hi' };
    const instance = (await plugins.get('echo')!.provision(options, HOST)) as unknown as { options: unknown };
    expect(instance.options).toEqual({ greeting: 'hi', limit: 7 });
    expect(options).toEqual({ greeting: 'hi' });
  });

  it('never reach the plugin when they are wrong', async () => {
    const { plugins } = await load({ 'echo.mjs': plainPlugin('echo', SCHEMA) });
    await expect(plugins.get('echo')!.provision({ greeting: 'hi', limit: 'many' }, HOST)).rejects.toThrow(
      'listener test: plugin echo failed: options.limit must be a whole number',
    );
  });

  it('may be anything without a schema', async () => {
    const { plugins } = await load({ 'free.mjs': plainPlugin('free') });
    const options = { any: [{ thing: 1 }] };
    const instance = (await plugins.get('free')!.provision(options, HOST)) as unknown as { options: unknown };
    expect(instance.options).toEqual(options);
  });
});
