import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { PluginError } from '../../../src/plugins/checks/plugin-error.ts';
import type { Config } from '../../../src/config/schema/config.generated.ts';
import type { PluginReference } from '../../../src/plugins/plugin-reference.ts';
import { PluginShelf } from '../../../src/plugins/plugin-shelf.ts';
import { PluginContents } from '../../../src/plugins/source/plugin-contents.ts';
import { HOST, plainPlugin, PluginLab, pluginFolder } from '../../support/labs/plugin-lab.ts';
import { PATIENCE_MS } from '../../support/time/patience.ts';

/** A supervisor's loader, and the shelf of a worker. */
async function lab(files: Readonly<Record<string, string>>) {
  const supervisor = new PluginLab(await pluginFolder(files));
  const shelf = new PluginShelf({ strayErrors: process, guardsExit: false });
  const referTo = async (name: string): Promise<PluginReference> => {
    const { plugins } = await supervisor.prepare();
    const config = { listeners: [] } as unknown as Config;
    return plugins.referencesFor(config).find((reference) => reference.name === name)!;
  };
  return {
    supervisor,
    referTo,
    get: (reference: PluginReference) => shelf.get(reference, PATIENCE_MS),
    shelf,
  };
}

async function stateOf(plugin: Awaited<ReturnType<PluginShelf['get']>>): Promise<unknown> {
  const instance = await plugin.provision({ given: 1 }, HOST);
  return instance;
}

describe('the plugins of a worker', () => {
  it('are those that the supervisor refers to, the same object for one state of the files', async () => {
    const { supervisor, referTo, get } = await lab({
      'one.mjs': plainPlugin('one', '', 'first'),
      'two/index.mjs': `import { state } from './state.mjs';\n${plainPlugin('two').replace("state: ''", 'state')}`,
      'two/state.mjs': "export const state = 'first';",
    });
    const first = await referTo('one');
    const plugin = await get(first);
    expect(await get({ ...first })).toBe(plugin);
    expect(plugin.origin).toMatchObject({ builtIn: false, file: join(supervisor.directory, 'one.mjs') });
    expect(await stateOf(plugin)).toMatchObject({ state: 'first', options: { given: 1 } });
    expect(await stateOf(await get(await referTo('two')))).toMatchObject({ state: 'first' });

    await supervisor.write({
      'one.mjs': plainPlugin('one', '', 'second'),
      'two/state.mjs': "export const state = 'second';",
    });
    expect(await stateOf(await get(await referTo('one')))).toMatchObject({ state: 'second' });
    expect(await stateOf(await get(await referTo('two')))).toMatchObject({ state: 'second' });
    // The live one is still wanted when an edit was taken back.
    expect(await get(first)).toBe(plugin);
  });

  it('come with the proxy where the reference names no file', async () => {
    const { referTo, get } = await lab({});
    const tcp = await get(await referTo('tcp'));
    expect([tcp.name, tcp.origin.builtIn]).toEqual(['tcp', true]);
    expect(await get(await referTo('tcp'))).toBe(tcp);
  });

  it('are refused when their files changed since the supervisor looked, and tried again later', async () => {
    const { supervisor, referTo, get } = await lab({ 'one.mjs': plainPlugin('one', '', 'first') });
    const first = await referTo('one');
    await supervisor.write({ 'one.mjs': plainPlugin('one', '', 'second') });
    const refusal = await get(first).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PluginError);
    expect(refusal).toMatchObject({
      plugin: 'one',
      reason: 'its files changed while it was loaded',
      message: 'plugin one failed: its files changed while it was loaded',
    });
    await supervisor.write({ 'one.mjs': plainPlugin('one', '', 'first') });
    expect(await stateOf(await get(first))).toMatchObject({ state: 'first' });
  });

  it('are refused with the reason when they can not be imported here', async () => {
    const { supervisor, referTo, get } = await lab({ 'one.mjs': plainPlugin('one') });
    const reference = await referTo('one');
    await supervisor.write({ 'two.mjs': "\nthrow new Error('not in this thread');" });
    const { file, hash } = [...(await new PluginContents().read([supervisor.directory])).plugins].find(
      (found) => found.file.endsWith('two.mjs'),
    )!;
    await expect(get({ ...reference, name: 'two', file, hash })).rejects.toMatchObject({
      plugin: 'two',
      reason: 'not in this thread',
    });
    await expect(get({ ...reference, name: 'other' })).rejects.toMatchObject({
      plugin: 'other',
      reason: 'it is called one in this thread',
    });
  });

  it('are named as the authors of their errors', async () => {
    const { referTo, get, shelf } = await lab({
      'one.mjs': plainPlugin('one').replace('handle() {}', "handle() { throw new Error('odd'); }"),
    });
    const instance = await (await get(await referTo('one'))).provision({}, HOST);
    let thrown: unknown;
    try {
      (instance as unknown as { handle(): void }).handle();
    } catch (error) {
      thrown = error;
    }
    expect(shelf.authorOf(thrown)).toBe('one');
    expect(shelf.authorOf(new Error('of the test'))).toBeUndefined();
  });
});
