import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { eventually } from '../../support/time/eventually.ts';
import {
  listenersIn,
  plainPlugin,
  PluginLab,
  pluginFolder,
  stateOf,
  strangers,
} from '../../support/labs/plugin-lab.ts';

async function lab(files: Readonly<Record<string, string>>): Promise<PluginLab> {
  return new PluginLab(await pluginFolder(files));
}

const version = (state: string, more = ''): string => plainPlugin('one', more, state);

describe('a set of plugins', () => {
  it('never changes: who built with it keeps its versions', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    const before = await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('second'), 'two.mjs': plainPlugin('two') });
    const after = await plugins.goLive(['one']);
    expect(await stateOf(before, 'one')).toBe('first');
    expect(strangers(before)).toEqual(['one']);
    expect(await stateOf(after, 'one')).toBe('second');
    expect(strangers(after)).toEqual(['one', 'two']);
    expect(plugins.logger.lines.map((line) => line.slice(0, line.indexOf(' {')))).toEqual([
      'info plugin loaded',
      'info plugin replaced',
      'info plugin loaded',
    ]);
  });

  it('is not live before it is committed', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('second') });
    const change = await plugins.prepare();
    expect(await stateOf(change.plugins, 'one')).toBe('second');
    expect(change.differences()).toMatchObject([
      { path: 'plugins[one]', kind: 'changed', effect: 'hot', summary: 'plugin one replaced' },
    ]);
    expect(await plugins.liveState('one')).toBe('first');
  });

  it('stays the same object by object when nothing was touched, or only looked touched', async () => {
    const plugins = await lab({ 'one.mjs': version('first'), 'two/index.mjs': plainPlugin('two') });
    const before = await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('first') });
    const change = await plugins.prepare();
    expect(change.isEmpty).toBe(true);
    expect(change.plugins.get('one')).toBe(before.get('one'));
    expect(change.plugins.get('two')).toBe(before.get('two'));
  });
});

describe('a plugin that changes while it is loaded', () => {
  it('is not taken for what it was, then or when it is that again', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    const begun = join(plugins.directory, 'begun.txt');
    const goOn = join(plugins.directory, 'go-on.txt');
    // Its trial goes on when the file holds something else.
    const second = `
import { existsSync, writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(begun)}, '');
while (!existsSync(${JSON.stringify(goOn)})) await new Promise((resolve) => setTimeout(resolve, 5));
${version('second')}`;
    await plugins.write({ 'one.mjs': second });
    const loading = plugins.goLive(['one']);
    await eventually(() => existsSync(begun), 'the trial has begun');
    await plugins.write({ 'one.mjs': version('third') });
    await writeFile(goOn, '');
    await loading;
    expect(await plugins.liveState('one')).toBe('first');
    expect(plugins.loader.failures).toEqual([
      { file: join(plugins.directory, 'one.mjs'), reason: 'it changed while it was loaded' },
    ]);
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('third');
    await plugins.write({ 'one.mjs': second });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('second');
  });
});

describe('a replaced plugin', () => {
  it('brings along the modules of its folder, and data that they read', async () => {
    const index = `
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { esm } from './lib/esm.mjs';
import cjs from './lib/common.cjs';
import json from './data.json' with { type: 'json' };
const required = createRequire(import.meta.url)('./lib/required.cjs');
const { late } = await import('./lib/late.mjs');
const text = readFileSync(new URL('./text.txt', import.meta.url), 'utf8');
const state = [esm, cjs, json.value, required, late, text].join(' ');
export default { apiVersion: 2, name: 'one', provision: () => ({ protocol: 'one', active: 0, state, handle() {}, close: async () => {} }) };
`;
    const files = (value: string) => ({
      'one/lib/deep/value.mjs': `export default 'esm-${value}';`,
      'one/lib/esm.mjs': "import value from './deep/value.mjs'; export const esm = value;",
      'one/lib/common.cjs': "module.exports = require('./deep/value.cjs');",
      'one/lib/deep/value.cjs': `module.exports = 'cjs-${value}';`,
      'one/lib/required.cjs': `module.exports = 'required-${value}';`,
      'one/lib/late.mjs': `export const late = 'late-${value}';`,
      'one/data.json': JSON.stringify({ value: `json-${value}` }),
      'one/text.txt': `text-${value}`,
    });
    const plugins = await lab({ 'one/index.mjs': index, ...files('a') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('esm-a cjs-a json-a required-a late-a text-a');
    await plugins.write(files('b'));
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('esm-b cjs-b json-b required-b late-b text-b');
  });

  it('is a plugin of one file in CommonJS, too', async () => {
    const text = (state: string) => version(state).replace('export default', 'module.exports =');
    const plugins = await lab({ 'package.json': '{"type":"commonjs"}', 'one.js': text('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.js': text('second') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('second');
  });

  it('loads packages once, from its own folder and from beside it', async () => {
    const dependency = (name: string) => ({
      [`${name}/package.json`]: '{"type":"module","main":"main.js"}',
      [`${name}/main.js`]: 'export const loadedAt = performance.now();',
    });
    const text = `
import { loadedAt as own } from 'own';
import { loadedAt as shared } from 'shared';
export default { apiVersion: 2, name: 'one', provision: () => ({ protocol: 'one', active: 0, state: own + ' ' + shared, handle() {}, close: async () => {} }) };
`;
    const plugins = await lab({
      'one/index.mjs': text,
      ...dependency('one/node_modules/own'),
      ...dependency('node_modules/shared'),
    });
    await plugins.goLive(['one']);
    const first = await plugins.liveState('one');
    await plugins.write({ 'one/index.mjs': `${text}// edited` });
    await plugins.goLive(['one']);
    expect(plugins.logged('plugin replaced')).toHaveLength(1);
    expect(await plugins.liveState('one')).toBe(first);
  });

  it('may go back to what it was, which costs no memory again', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    for (const state of ['second', 'first', 'second', 'first']) {
      await plugins.write({ 'one.mjs': version(state) });
      await plugins.goLive(['one']);
      expect(await plugins.liveState('one')).toBe(state);
    }
    expect(plugins.loader.importedStates).toBe(2);
  });

  it('may move to another file', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await rename(join(plugins.directory, 'one.mjs'), join(plugins.directory, 'other.mjs'));
    await plugins.goLive(['one']);
    expect(plugins.loader.failures).toEqual([]);
    expect(plugins.loader.live.get('one')?.origin.file).toMatch(/other\.mjs$/);
  });
});

describe('a plugin that is broken by an edit', () => {
  it.each([
    ['can not be imported', 'export default {', /Unexpected end of input/],
    ['is no plugin any more', 'export default 7;', /must be a plugin: a protocol or a filter/],
    ['is empty', '', /it is empty/],
  ])('and %s leaves the one before in its place until it is mended', async (_, text, reason) => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': text });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('first');
    expect(plugins.loader.failures).toHaveLength(1);
    expect(plugins.loader.failures[0]!.reason).toMatch(reason);
    await plugins.goLive(['one']);
    expect(plugins.logged('plugin refused')).toHaveLength(1);
    await plugins.write({ 'one.mjs': version('mended') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('mended');
    expect(plugins.loader.failures).toEqual([]);
  });

  it('and back makes live what was live, not a copy of it', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    const before = await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': 'export default {' });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('first') });
    const change = await plugins.prepare();
    expect(change.plugins.get('one')).toBe(before.get('one'));
    expect(plugins.loader.failures).toEqual([]);
  });

  it('is no reload by itself, and the reason is what the reload gives', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': 'export default {' });
    await expect(plugins.prepare({ mustChange: true })).rejects.toMatchObject({
      code: 'plugin_failed',
      message: expect.stringMatching(/one\.mjs: Unexpected end of input \(one\.mjs:1\)/) as string,
    });
    expect((await plugins.prepare({ mustChange: true })).isEmpty).toBe(true);
  });

  it('is tried again untouched when somebody asks by hand, because what it needs may be there now', async () => {
    const plugins = await lab({ 'one.mjs': `import 'needed';\n${version('first')}` });
    await plugins.goLive([]);
    expect(plugins.loader.failures[0]!.reason).toMatch(/needed/);
    await plugins.write({ 'node_modules/needed/index.js': '' });
    await plugins.goLive([]);
    expect(plugins.loader.failures).toHaveLength(1);
    await plugins.goLive(['one'], { retry: true });
    expect(plugins.loader.failures).toEqual([]);
    expect(await plugins.liveState('one')).toBe('first');
  });
});

describe('a new plugin that its listeners can not use', () => {
  const STRICT =
    "configSchema: { type: 'object', required: ['size'], additionalProperties: false, properties: { size: { type: 'integer' } } },";
  const FAILING = `export default { apiVersion: 2, name: 'one', provision() {
    throw new Error('no provision today');
  } };`;

  it('because it refuses their options leaves the one before in its place, and says which options', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('second', STRICT), 'two.mjs': plainPlugin('two') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('first');
    expect(strangers(plugins.loader.live)).toEqual(['one', 'two']);
    expect(plugins.loader.failures[0]!.reason).toContain('options must have the key size');
  });

  it('goes live with the config that has the right ones', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('second', STRICT) });
    await plugins.goLive(['one']);
    const change = await plugins.prepare();
    const loaded = listenersIn(['one'], '{ size: 3 }');
    const built = await change.build(loaded, async (set) => set);
    change.commit(loaded);
    expect(built.get('one')).toBe(plugins.loader.live.get('one'));
    expect(plugins.logged('plugin replaced')).toHaveLength(1);
    expect(plugins.loader.failures).toEqual([]);
  });

  it('because it fails to provision leaves the one before in its place, and says where', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': FAILING });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('first');
    expect(plugins.loader.failures[0]!.reason).toBe('listener test: no provision today (one.mjs:2:11)');
  });

  it('is a reload that failed when there is nothing else to it', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': FAILING });
    await expect(plugins.goLive(['one'], { mustChange: true })).rejects.toThrow('no provision today');
    expect(await plugins.liveState('one')).toBe('first');
  });

  it('does not hold up later reloads, until it or its listeners are edited', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({
      'one.mjs': `
globalThis.provisionedOne = 0;
export default { apiVersion: 2, name: 'one', provision() { globalThis.provisionedOne += 1; throw new Error('never'); } };`,
    });
    const count = () => (globalThis as { provisionedOne?: number }).provisionedOne;
    await plugins.goLive(['one']);
    await plugins.goLive(['one']);
    expect(count()).toBe(1);
    expect(plugins.loader.failures).toHaveLength(1);
    await plugins.goLive(['one', 'one']);
    expect(count()).toBe(2);
    await plugins.goLive(['one', 'one'], { retry: true });
    expect(count()).toBe(3);
    await plugins.write({ 'one.mjs': version('mended') });
    await plugins.goLive(['one', 'one']);
    expect(await plugins.liveState('one')).toBe('mended');
  });

  it('and was never loaded before is refused with the edit that needs it', async () => {
    const plugins = await lab({ 'one.mjs': FAILING });
    await expect(plugins.goLive(['one'])).rejects.toMatchObject({ code: 'plugin_failed', plugin: 'one' });
  });
});

describe('a removed plugin', () => {
  it('is gone when no listener uses it', async () => {
    const plugins = await lab({ 'one.mjs': version('first'), 'two.mjs': plainPlugin('two') });
    await plugins.goLive(['two']);
    await rm(join(plugins.directory, 'one.mjs'));
    const live = await plugins.goLive(['two']);
    expect(strangers(live)).toEqual(['two']);
    expect(plugins.logged('plugin removed')).toHaveLength(1);
    expect(plugins.loader.failures).toEqual([]);
  });

  it('goes on for the listeners that use it, with a warning, until none does', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await rm(join(plugins.directory, 'one.mjs'));
    expect((await plugins.prepare({ mustChange: true })).isEmpty).toBe(true);
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('first');
    expect(plugins.logged('warn plugin file missing')).toHaveLength(1);
    expect(plugins.loader.failures[0]!.reason).toContain('it is gone; listeners in mode one keep');
    expect(strangers(await plugins.goLive([]))).toEqual([]);
    await plugins.goLive([]);
    expect(plugins.loader.failures).toEqual([]);
    expect(plugins.logged('plugin removed')).toHaveLength(1);
  });

  it('that comes back is what is live already', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    const before = await plugins.goLive(['one']);
    await rm(join(plugins.directory, 'one.mjs'));
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': version('first') });
    expect((await plugins.prepare()).plugins.get('one')).toBe(before.get('one'));
    expect(plugins.loader.failures).toEqual([]);
  });

  it('whose file now holds another one goes on for the listeners that use it', async () => {
    const plugins = await lab({ 'one.mjs': version('first') });
    await plugins.goLive(['one']);
    await plugins.write({ 'one.mjs': plainPlugin('two') });
    expect(strangers(await plugins.goLive(['one']))).toEqual(['one', 'two']);
    expect(plugins.loader.failures[0]!.reason).toContain('it holds two now; listeners in mode one keep');
  });
});

describe('two files with the same plugin', () => {
  it('are one too many: the second is refused and says which is the first', async () => {
    const plugins = await lab({ 'b.mjs': version('b'), 'a.mjs': version('a') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('a');
    expect(plugins.loader.failures).toHaveLength(1);
    expect(plugins.loader.failures[0]!.file).toMatch(/b\.mjs$/);
    expect(plugins.loader.failures[0]!.reason).toMatch(/its name one is taken by .*a\.mjs/);
  });

  it('leave the name to the one that is live', async () => {
    const plugins = await lab({ 'b.mjs': version('b') });
    await plugins.goLive(['one']);
    await plugins.write({ 'a.mjs': version('a') });
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('b');
    expect(plugins.loader.failures[0]!.file).toMatch(/a\.mjs$/);
  });

  it('make room for the second when the first is removed', async () => {
    const plugins = await lab({ 'a.mjs': version('a'), 'b.mjs': version('b') });
    await plugins.goLive(['one']);
    await rm(join(plugins.directory, 'a.mjs'));
    await plugins.goLive(['one']);
    expect(await plugins.liveState('one')).toBe('b');
    expect(plugins.loader.failures).toEqual([]);
  });
});

describe('a folder that is no plugin folder', () => {
  it('with far too many files is refused with a reason', async () => {
    const plugins = await lab({ 'one/index.mjs': version('first') });
    await Promise.all(
      Array.from({ length: 2001 }, (_, index) =>
        writeFile(join(plugins.directory, 'one', `${index}.txt`), ''),
      ),
    );
    await plugins.prepare();
    expect(plugins.loader.failures[0]!.reason).toBe('it holds more than 2000 files');
  });
});
