import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { backend, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { ask, askAnew, logged, SAY, sayPlugin, sayProxy } from '../../support/labs/say-plugin.ts';
import { writeInto } from '../../support/write-into.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

describe('a plugin that is replaced while the proxy runs', () => {
  it('serves new connections, and those that run keep the version that they began with', async () => {
    const proxy = await sayProxy({});
    const kept = await client(proxy.address('one'));
    expect(await ask(kept, 'a')).toBe('v1:a;');
    const other = await client(proxy.address('two'));
    expect(await ask(other, 'b')).toBe('o1:b;');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await proxy.untilLogged('plugin replaced');
    await proxy.untilLogged('plugin say replaced');
    expect(await askAnew(proxy)).toBe('v2:x;');
    expect(await ask(kept, 'c')).toBe('v1:c;');
    // The other listener did not notice.
    expect(await ask(other, 'd')).toBe('o1:d;');
    expect(await logged(proxy, 'version=o1')).toBe(TEST_WORKERS);
    // A worker without such a connection has closed its old instance.
    expect(await logged(proxy, 'closed')).toBeLessThan(TEST_WORKERS);
    kept.end();
    await kept.untilClosed();
    await proxy.untilLogged('closed');
    expect(await logged(proxy, 'version=o1')).toBe(TEST_WORKERS);
  });

  it('takes along edits of the config that came before it, for the connections of each version', async () => {
    const proxy = await sayProxy({});
    const kept = await client(proxy.address('one'));
    expect(await ask(kept, 'a')).toBe('v1:a;');
    await proxy.change(SAY.replace('mode: say', "mode: say, options: { mark: '!' }"));
    expect(await ask(kept, 'b')).toBe('v1!:b;');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await proxy.untilLogged('plugin replaced');
    expect(await askAnew(proxy)).toBe('v2!:x;');
    await proxy.change(SAY.replace('mode: say', "mode: say, options: { mark: '?' }"));
    expect(await askAnew(proxy)).toBe('v2?:x;');
    expect(await ask(kept, 'c')).toBe('v1!:c;');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v3') });
    await eventually(async () => (await logged(proxy, 'plugin replaced')) === 2, 'it was replaced again');
    expect(await ask(kept, 'd')).toBe('v1!:d;');
    expect(await askAnew(proxy)).toBe('v3?:x;');
    kept.end();
    expect(await kept.untilClosed()).toBe('end');
  });

  it('drops no connection of many that come and go meanwhile', async () => {
    const proxy = await sayProxy({});
    const file = join(proxy.directory, 'plugins/say.mjs');
    let done = false;
    const seen = new Set<string>();
    const traffic = Array.from({ length: 4 }, async () => {
      while (!done) seen.add(await askAnew(proxy));
    });
    for (const version of ['v2', 'v3', 'v4']) {
      await writeFile(`${file}.tmp`, sayPlugin(version));
      await rename(`${file}.tmp`, file);
      await eventually(() => seen.has(`${version}:x;`), `${version} serves`);
    }
    done = true;
    await Promise.all(traffic);
    expect([...seen].sort()).toEqual(['v1:x;', 'v2:x;', 'v3:x;', 'v4:x;']);
  });

  it('may be a folder of several files', async () => {
    const index = (text: string) =>
      sayPlugin('folder', 'say')
        .replace(/^/, "import { sign } from './lib/sign.mjs';\n")
        .replace("'folder'", text);
    const yaml = SAY.replace('mode: other', 'mode: say');
    const proxy = await labProxy(yaml, {
      'plugins/say/index.mjs': index('sign'),
      'plugins/say/lib/sign.mjs': "export const sign = 'first';",
    });
    expect(await askAnew(proxy)).toBe('first:x;');
    await writeInto(proxy.directory, { 'plugins/say/lib/sign.mjs': "export const sign = 'second';" });
    await proxy.untilLogged('plugin replaced');
    expect(await askAnew(proxy)).toBe('second:x;');
    expect(await askAnew(proxy, 'two')).toBe('second:x;');
  });

  it('brings no unfinished edit of the config along', async () => {
    const proxy = await sayProxy({}, SAY.replace('reload: {', 'reload: { watch: true,').replace('10ms', '0'));
    await writeFile(proxy.configFile, 'listeners: [');
    await proxy.untilLogged('config not reloaded');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await proxy.untilLogged('plugin replaced');
    expect(await askAnew(proxy)).toBe('v2:x;');
  });

  it('is left alone when nothing is to be followed, until somebody asks', async () => {
    const proxy = await sayProxy({}, SAY.replace('reload: {', 'reload: { watch: false,'));
    const followed = await sayProxy(
      {},
      SAY.replace('directory: plugins', `directory: '${join(proxy.directory, 'plugins')}'`),
    );
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await followed.untilLogged('plugin replaced');
    expect(await askAnew(proxy)).toBe('v1:x;');
    expect((await proxy.app.reload()).message).toBe('plugin say replaced');
    expect(await askAnew(proxy)).toBe('v2:x;');
    await proxy.change(SAY.replace('directory: plugins', 'directory: plugins, watch: false'));
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v3') });
    await eventually(async () => (await logged(followed, 'plugin replaced')) === 2, 'the other one follows');
    expect(await askAnew(proxy)).toBe('v2:x;');
  });
});

describe('a plugin that is removed while the proxy runs', () => {
  it('is gone when no listener uses it', async () => {
    const proxy = await sayProxy({ 'plugins/third.mjs': sayPlugin('t', 'third') });
    await rm(join(proxy.directory, 'plugins/third.mjs'));
    await proxy.untilLogged('plugin removed');
    const outcome = await proxy.edit(SAY.replace('mode: other', 'mode: third'));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain('mode is "third"');
  });

  it('goes on for the listeners that use it, with a warning, until they are edited away', async () => {
    const proxy = await sayProxy({});
    await rm(join(proxy.directory, 'plugins/say.mjs'));
    expect(await proxy.untilLogged('plugin file missing')).toContain(
      'listeners in mode say keep what was loaded',
    );
    expect(await askAnew(proxy)).toBe('v1:x;');
    await proxy.change(SAY.replace('mode: say', "mode: say, options: { mark: '!' }"));
    expect(await askAnew(proxy)).toBe('v1!:x;');
    await proxy.change(SAY.replace('mode: say', 'mode: other'));
    await proxy.untilLogged('plugin removed');
    expect(await askAnew(proxy)).toBe('o1:x;');
    expect((await proxy.edit(SAY)).message).toContain('mode is "say"');
  });
});

describe('a plugin that is dropped in while the proxy runs', () => {
  it('is there for the next edit, also when its folder comes with it', async () => {
    const server = await backend(naming('tcp'));
    const plain = `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nplugins: { directory: plugins }\nreload: { debounce: 10ms, poll_interval: 50ms }\n`;
    const proxy = await labProxy(plain);
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v1') });
    await proxy.untilLogged('plugin loaded');
    await proxy.change(plain.replace('mode: tcp', 'mode: say'));
    expect(await askAnew(proxy, 'default')).toBe('v1:x;');
  });
});
