import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { eventually } from '../../support/time/eventually.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { askAnew, sayPlugin } from '../../support/labs/say-plugin.ts';
import { writeInto } from '../../support/write-into.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }\nreload: { debounce: 10ms, poll_interval: 200ms }\nupstreams: [{ name: web, backends: [{ name: one, address: '127.0.0.1:9' }] }]\n`;
const FIRST = `${ADMIN}plugins: { directory: plugins }\nlisteners: [{ name: zero, listen: '127.0.0.1:0', mode: tcp, upstream: web }]\n`;

function asking(mode: string, more = '', directory = 'plugins'): string {
  return `${ADMIN}plugins: { directory: ${directory} }\nlisteners: [{ name: one, listen: '127.0.0.1:0', mode: ${mode}${more} }]\n`;
}

interface LastReload {
  readonly ok: boolean;
  readonly source: string;
  readonly message: string;
}

async function lastReload(proxy: LabProxy): Promise<LastReload> {
  return (await proxy.status())['last_reload'] as LastReload;
}

/** A proxy whose edit was refused. */
async function refused(edit: string, files: Readonly<Record<string, string>> = {}): Promise<LabProxy> {
  const proxy = await labProxy(FIRST, files);
  await mkdir(join(proxy.directory, 'plugins'), { recursive: true });
  await writeFile(proxy.configFile, edit);
  await eventually(async () => !(await lastReload(proxy)).ok, 'the edit was refused');
  expect(await lastReload(proxy)).toMatchObject({ ok: false, source: 'file' });
  return proxy;
}

async function untilTaken(proxy: LabProxy, answer: string): Promise<void> {
  await eventually(() => proxy.app.listeners.has('one'), 'the config is live');
  expect(await askAnew(proxy)).toBe(answer);
  expect(await lastReload(proxy)).toMatchObject({ ok: true, source: 'plugins' });
}

describe('a config that was refused for want of a plugin', () => {
  it('is taken as soon as the plugin comes, and the refusal is shown until then', async () => {
    const proxy = await refused(asking('say'), { 'plugins/other.mjs': sayPlugin('o1', 'other') });
    await writeInto(proxy.directory, { 'plugins/third.mjs': sayPlugin('t1', 'third') });
    await proxy.untilLogged('plugin=third');
    const { ok, message } = await lastReload(proxy);
    expect(ok).toBe(false);
    expect(message).toContain('listeners[0].mode is "say"');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v1') });
    await untilTaken(proxy, 'v1:x;');
  });

  it('is taken when the plugin lies in a folder that only this config names', async () => {
    const proxy = await refused(asking('say', '', 'elsewhere'));
    await writeInto(proxy.directory, { 'made/say.mjs': sayPlugin('v1') });
    await rename(join(proxy.directory, 'made'), join(proxy.directory, 'elsewhere'));
    await untilTaken(proxy, 'v1:x;');
  });

  it('is taken when the plugin is mended', async () => {
    const proxy = await refused(asking('say'), { 'plugins/say.mjs': 'export default {' });
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await untilTaken(proxy, 'v2:x;');
  });

  it('is taken when a version comes that takes its options', async () => {
    const strict = sayPlugin('v1', 'say', 'configSchema: { additionalProperties: false }');
    const proxy = await refused(asking('say', ', options: { mark: "!" }'), { 'plugins/say.mjs': strict });
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v2') });
    await untilTaken(proxy, 'v2!:x;');
  });

  it('is taken when the plugin comes while it is tried for another one', async () => {
    const proxy = await refused(asking('say'));
    const say = join(proxy.directory, 'plugins/say.mjs');
    const other = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(say)}, ${JSON.stringify(sayPlugin('v1'))});\n${sayPlugin('o1', 'other')}`;
    await writeInto(proxy.directory, { 'plugins/other.mjs': other });
    await untilTaken(proxy, 'v1:x;');
  });

  it('says what is still wrong when the plugin is not all that it lacked', async () => {
    const proxy = await refused(asking('say', ', upstream: nobody'));
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v1') });
    const last = await eventually(async () => {
      const reload = await lastReload(proxy);
      return reload.source === 'plugins' ? reload : undefined;
    }, 'the config was tried again');
    expect(last.ok).toBe(false);
    expect(last.message).toContain('nobody');
    await writeFile(proxy.configFile, asking('say'));
    await eventually(() => proxy.app.listeners.has('one'), 'the mended config is live');
    await eventually(async () => (await lastReload(proxy)).ok, 'the outcome is told');
  });

  it('is forgotten once the file holds another one that is live', async () => {
    const proxy = await refused(asking('say'));
    await writeFile(proxy.configFile, FIRST);
    await eventually(async () => (await lastReload(proxy)).ok, 'the file is as it was');
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v1') });
    await proxy.untilLogged('plugin=say');
    expect([...proxy.app.listeners.keys()]).toEqual(['zero']);
  });
});

describe('what a plugin logs while the proxy starts', () => {
  it('is written as the config wants it, from the first line on', async () => {
    const logger = sayPlugin('v1').replace(
      'new Say(options, host)',
      '{ host.logger.debug("made ready"); return new Say(options, host); }',
    );
    const proxy = await labProxy(`${asking('say')}logging: { level: debug, format: json }\n`, {
      'plugins/say.mjs': logger,
      'plugins/broken.mjs': 'export default 5;',
    });
    const lines = (
      await eventually(async () => {
        const text = await proxy.log();
        return text.includes('admin listening') ? text : undefined;
      }, 'the start is logged')
    )
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const messages = lines.map((line) => line['message']);
    expect(messages).toContain('plugin refused');
    expect(messages.indexOf('made ready')).toBeGreaterThan(messages.indexOf('plugin refused'));
  });

  it('is left out where the config wants less', async () => {
    const proxy = await labProxy(`${asking('say')}logging: { level: warn }\n`, {
      'plugins/say.mjs': sayPlugin('v1'),
    });
    expect(await askAnew(proxy)).toBe('v1:x;');
    expect(await proxy.log()).not.toContain('version=v1');
  });
});
