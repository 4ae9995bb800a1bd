import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { loadConfigText } from '../../support/labs/load-config.ts';
import type { Config, Listener } from '../../../src/config/schema/config.generated.ts';
import { stripsTypes } from '../../../src/plugins/source/plugin-file-kind.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { owned } from '../../support/owned.ts';
import { HOST, plainPlugin, PluginLab, pluginFolder, strangers } from '../../support/labs/plugin-lab.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

async function load(files: Readonly<Record<string, string>>) {
  const lab = new PluginLab(await pluginFolder(files));
  const { plugins } = await lab.prepare();
  return { lab, plugins, loader: lab.loader, logger: lab.logger };
}

/** As much of a config as a look at the options of its listeners needs. */
function configWith(...listeners: readonly Pick<Listener, 'mode' | 'options'>[]): Config {
  return { listeners } as unknown as Config;
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
      'README.md': '# plugins',
      'one.d.ts': 'export default plugin;',
      'one.js.map': '{}',
      'notes.txt': 'how to switch it on',
      'old.mjs.off': 'throw new Error("switched off")',
      'package.json': '{"type":"module"}',
      'three/package.json': '{"type":"module"}',
    });
    expect(strangers(plugins)).toEqual(['four', 'one', 'three', 'two']);
    expect(plugins.get('one')?.name).toBe('one');
    expect(plugins.get('five')).toBeUndefined();
    expect(loader.failures).toEqual([]);
    expect(loader.ignored).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  it('says once of what it passes over why that is no plugin', async () => {
    const { lab, loader, logger } = await load({
      'one.jsx': 'code',
      'two.py': 'code',
      'three.tgz': 'packed',
      'without-index/helper.mjs': 'export {};',
      'with-readme/README.md': 'nothing to import',
    });
    await symlink(join(lab.directory, 'nothing'), join(lab.directory, 'link.mjs'));
    await lab.prepare();
    const reasons = loader.ignored.map(({ file, reason }) => [basename(file), reason]);
    expect(reasons).toEqual([
      ['link.mjs', 'it is a link that leads nowhere'],
      ['one.jsx', expect.stringMatching(/^a plugin is a module that ends with \.mjs, \.js, \.cjs/)],
      ['three.tgz', 'it is packed: unpack it into a folder'],
      ['two.py', expect.stringMatching(/^a plugin is a module that ends with/)],
      [
        'with-readme',
        expect.stringMatching(/^it has no index\.mjs, .*, and no package\.json with main or exports$/),
      ],
      ['without-index', expect.stringMatching(/^it has no index\.mjs/)],
    ]);
    expect(loader.failures).toEqual([]);
    await lab.prepare();
    expect(logger.lines).toHaveLength(6);
    for (const line of logger.lines) expect(line).toMatch(/^warn plugin file ignored /);
  });

  it.runIf(stripsTypes())(
    'takes TypeScript whose types can be left out, and names the place of what can not',
    async () => {
      const typed = `const state: string = 'ts';\n${plainPlugin('typed')}`;
      const { plugins, loader } = await load({
        'typed.ts': typed,
        'typed-folder/index.mts': typed.replaceAll('typed', 'folder'),
        'enum.ts': 'export const a = 1;\nenum Kind { A }\nexport default Kind;',
        'wrong.ts': 'const a: number = 1;\nconst b = 5 5;\nexport default a;',
      });
      expect(strangers(plugins)).toEqual(['folder', 'typed']);
      expect(loader.failures.map(({ reason }) => reason)).toEqual([
        expect.stringMatching(/enum is not supported.*\(enum\.ts:2\)$/),
        expect.stringMatching(/\(wrong\.ts:2\)$/),
      ]);
    },
  );

  it.runIf(!stripsTypes())('says which runtime takes TypeScript', async () => {
    const { plugins, loader } = await load({
      'typed.ts': 'export default {}',
      'folder/index.ts': 'export {}',
    });
    expect(strangers(plugins)).toEqual([]);
    const reason = `Node.js ${process.versions.node} can't run TypeScript: use Node.js 22.18 or later, or compile the file to JavaScript`;
    expect(loader.ignored.map((each) => each.reason)).toEqual([`index.ts: ${reason}`, reason]);
  });

  it('takes CommonJS, also as TypeScript compiles it', async () => {
    const { plugins, loader } = await load({
      'one.cjs': plainPlugin('one').replace('export default', 'module.exports ='),
      'two/index.cjs': plainPlugin('two').replace(
        'export default',
        "module.exports = require('./more.cjs') &&",
      ),
      'two/more.cjs': 'module.exports = true;',
      'three.cjs': `"use strict"; Object.defineProperty(exports, '__esModule', { value: true }); ${plainPlugin('three').replace('export default', 'exports.default =')}`,
    });
    expect(loader.failures).toEqual([]);
    expect(strangers(plugins)).toEqual(['one', 'three', 'two']);
  });

  it.each([
    ['main', { main: 'dist/plugin.js' }],
    ['main without an ending', { main: './dist/plugin' }],
    ['main that is a folder', { main: 'lib' }],
    ['exports', { exports: './dist/plugin.js', main: 'nothing.js' }],
    ['exports with conditions', { exports: { '.': { types: './x.d.ts', import: './dist/plugin.js' } } }],
    ['exports for one way only', { exports: { browser: './b.js', require: './dist/plugin.js' } }],
    ['exports with a choice', { exports: [{ deno: './b.js' }, './dist/plugin.js'] }],
    ['neither', {}],
  ])('begins with what package.json names: %s', async (_, keys) => {
    const { plugins, loader } = await load({
      'pack/package.json': JSON.stringify({ name: 'pack', type: 'module', ...keys }),
      'pack/index.js': plainPlugin('index'),
      'pack/lib/index.js': plainPlugin('entry'),
      'pack/dist/plugin.js': `import { name } from '../name.js';\n${plainPlugin('x').replace("'x'", 'name')}`,
      'pack/name.js': "export const name = 'entry';",
    });
    expect(loader.failures).toEqual([]);
    expect(strangers(plugins)).toEqual([Object.keys(keys).length === 0 ? 'index' : 'entry']);
  });

  it.each([
    ['{', /^its package\.json can't be used: /],
    ['{"main":"nothing.js"}', /^main of its package\.json names nothing\.js, which is not there$/],
    [
      '{"exports":"../other.mjs"}',
      /^exports of its package\.json names \.\.\/other\.mjs, which is outside of its folder$/,
    ],
    ['{"main":"node_modules/a/index.js"}', /which is in node_modules: /],
    ['{"exports":{"./x":"./x.js"}}', /its exports name no module for "\."$/],
    ['{"main":"data.json"}', /which is no module: its ending is unknown$/],
  ])('says what is wrong with a package.json: %s', async (text, reason) => {
    const { loader } = await load({
      'pack/package.json': text,
      'pack/index.mjs': plainPlugin('x'),
      'pack/data.json': '{}',
      'pack/node_modules/a/index.js': '',
    });
    expect(loader.ignored.map((each) => each.reason)).toEqual([expect.stringMatching(reason)]);
  });

  it('has the modules of a package anew when any file of it changes', async () => {
    const lab = new PluginLab(
      await pluginFolder({
        'pack/package.json': '{"type":"module","main":"dist/plugin.js"}',
        'pack/dist/plugin.js': `import { state } from '../src/state.js';\n${plainPlugin('pack').replace("state: ''", 'state')}`,
        'pack/src/state.js': "export const state = 'one';",
      }),
    );
    await lab.goLive(['pack']);
    expect(await lab.liveState('pack')).toBe('one');
    await lab.write({ 'pack/src/state.js': "export const state = 'two';" });
    await lab.goLive(['pack']);
    expect(await lab.liveState('pack')).toBe('two');
  });

  it('follows links to files and folders', async () => {
    const real = await pluginFolder({
      'echo.mjs': plainPlugin('linked-file'),
      'folder/index.mjs':
        "import { name } from './name.mjs'; export default { apiVersion: 2, name, provision() {} };",
      'folder/name.mjs': "export const name = 'linked-folder';",
    });
    const lab = new PluginLab(await pluginFolder({}));
    await symlink(join(real, 'echo.mjs'), join(lab.directory, 'echo.mjs'));
    await symlink(join(real, 'folder'), join(lab.directory, 'folder'));
    await symlink(join(real, 'nothing'), join(lab.directory, 'broken-link.mjs'));
    expect(strangers((await lab.prepare()).plugins)).toEqual(['linked-file', 'linked-folder']);
    expect(lab.loader.failures).toEqual([]);
  });

  it('has no plugins where there is no folder, and says so', async () => {
    const lab = new PluginLab('/nowhere/plugins');
    expect(strangers((await lab.prepare()).plugins)).toEqual([]);
    expect(lab.loader.ignored).toEqual([
      {
        file: '/nowhere/plugins/',
        reason: 'the folder does not exist: plugins are loaded as soon as it does',
      },
    ]);
    expect(lab.logged('plugin file ignored')).toHaveLength(1);
  });

  it('says that a folder of plugins is no folder', async () => {
    const folder = await pluginFolder({ plugins: '' });
    const lab = new PluginLab(join(folder, 'plugins'));
    await lab.prepare();
    expect(lab.loader.ignored[0]!.reason).toMatch(/^it is no folder: /);
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
    [
      'no default export',
      'export const plugin = {};',
      /default export must be a plugin: a protocol or a filter/,
    ],
    [
      'a default export that is no object',
      'export default 42;',
      /default export must be a plugin: a protocol or a filter/,
    ],
    [
      'version 1 of the API',
      "export default { apiVersion: 1, name: 'x', provision() {} };",
      /^it is written for version 1 of the plugin API, and this proxy has version 2: change it as "From version 1 to 2" in the plugin guide \(src\/plugin-api\/README\.md\) says, then write apiVersion: 2$/,
    ],
    [
      'a later version of the API',
      "export default { apiVersion: 3, name: 'x', provision() {} };",
      /^it is written for version 3 of the plugin API, and this proxy has version 2: install a newer version of the proxy/,
    ],
    [
      'no API version',
      "export default { name: 'x', provision() {} };",
      /does not say which version of the plugin API it is written for: write apiVersion: 2$/,
    ],
    ['no name', 'export default { apiVersion: 2, provision() {} };', /its name must be/],
    [
      'an odd name',
      "export default { apiVersion: 2, name: 'My Plugin', provision() {} };",
      /its name must be/,
    ],
    ['no provision', "export default { apiVersion: 2, name: 'x' };", /no provision function/],
    ['rules that are no object', plainPlugin('x', 'optionsRules: 5'), /its optionsRules must be an object/],
    [
      'a rule that is no function',
      plainPlugin('x', 'optionsRules: { check: 5 }'),
      /its optionsRules\.check must be a function/,
    ],
    ['the name of a built-in one', plainPlugin('http'), /http is built in/],
    [
      'a configSchema that is no schema',
      plainPlugin('x', "configSchema: { type: 'strange' }"),
      /its configSchema can't be used/,
    ],
    [
      'a configSchema with a format that nobody checks',
      plainPlugin('x', "configSchema: { properties: { a: { type: 'string', format: 'durration' } } }"),
      /its configSchema can't be used: format "durration" is unknown; did you mean "duration"\? For another form use pattern$/,
    ],
    [
      'a configSchema with a format of others',
      plainPlugin('x', "configSchema: { properties: { a: { format: 'email' } } }"),
      /format "email" is unknown; known: duration, .*\. For another form use pattern/,
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
    const config = configWith({ mode: 'echo', options: { greeting: 'hi' } });
    const [listener] = plugins.filled(config).listeners;
    const instance = (await plugins.get('echo')!.provision(listener!.options, HOST)) as unknown as {
      options: unknown;
    };
    expect(instance.options).toEqual({ greeting: 'hi', limit: 7 });
    expect(instance.options).not.toBe(listener!.options);
    expect(config.listeners[0]!.options).toEqual({ greeting: 'hi' });
  });

  it('may be in the forms of the config, which are numbers for the plugin where they stand for some', async () => {
    const schema = `configSchema: { type: 'object', properties: {
      wait: { type: 'string', format: 'positive-duration', default: '1m30s' },
      keep: { type: 'string', format: 'age' },
      limit: { type: 'string', format: 'size' },
      listen: { type: 'string', format: 'listen-address' },
      backends: { type: 'array', items: { type: 'string', format: 'backend-address' } },
      format: { type: 'string', default: 'any' },
    }, additionalProperties: false }`;
    const { plugins } = await load({ 'echo.mjs': plainPlugin('echo', schema) });
    const echo = plugins.get('echo')!;
    const options = { keep: '2d', limit: '64KiB', listen: ':80', backends: ['a:1', '10.0.0.1:2'] };
    expect(plugins.filled(configWith({ mode: 'echo', options })).listeners[0]!.options).toEqual({
      wait: 90_000,
      keep: 172_800_000,
      limit: 65_536,
      listen: ':80',
      backends: ['a:1', '10.0.0.1:2'],
      format: 'any',
    });
    expect(
      echo
        .problems({ wait: '0s', limit: 'much', backends: ['a:1', 'b'] })
        .map(({ path, message }) => [path.join('.'), message]),
    ).toEqual([
      ['wait', 'must be longer than 0'],
      ['limit', expect.stringMatching(/^must be a size such as/)],
      ['backends.1', expect.stringMatching(/^must be|^needs/)],
    ]);
    expect(options.keep).toBe('2d');
  });

  it('stay as they are where nothing is to be filled in', async () => {
    const { plugins } = await load({
      'echo.mjs': plainPlugin('echo', SCHEMA),
      'free.mjs': plainPlugin('free'),
    });
    const config = configWith({ mode: 'free', options: { any: 1 } });
    expect(plugins.filled(config)).toBe(config);
    const both = configWith({ mode: 'free' }, { mode: 'echo', options: { greeting: 'hi' } });
    expect(plugins.filled(both).listeners[0]).toBe(both.listeners[0]);
  });

  it('may be anything without a schema', async () => {
    const { plugins } = await load({ 'free.mjs': plainPlugin('free') });
    const options = { any: [{ thing: 1 }] };
    const instance = (await plugins.get('free')!.provision(options, HOST)) as unknown as { options: unknown };
    expect(instance.options).toEqual(options);
  });
});
