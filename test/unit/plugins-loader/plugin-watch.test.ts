import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { fingerprintOf, PluginContents } from '../../../src/plugins/source/plugin-contents.ts';
import { PluginWatch } from '../../../src/plugins/plugin-watch.ts';
import { eventually } from '../../support/time/eventually.ts';
import { owned } from '../../support/owned.ts';
import { pluginFolder } from '../../support/labs/plugin-lab.ts';
import { writeInto } from '../../support/write-into.ts';

const NEVER_MS = 3_600_000;

/** A watch whose owner takes over what it is told of, as a reload does. */
class Followed {
  readonly directories: readonly string[];
  changes = 0;
  readonly watch: PluginWatch;
  readonly #contents = new PluginContents();
  #known: string;

  private constructor(directories: readonly string[], known: string, pollIntervalMs: number) {
    this.directories = directories;
    this.#known = known;
    this.watch = owned(
      new PluginWatch({
        directories,
        debounceMs: 10,
        pollIntervalMs,
        known: () => this.#known,
        onChange: () => {
          this.changes += 1;
        },
      }),
    );
  }

  /** The folders as they are now are what is known. */
  static async start(directories: readonly string[], pollIntervalMs = NEVER_MS): Promise<Followed> {
    const known = fingerprintOf(await new PluginContents().read(directories));
    const followed = new Followed(directories, known, pollIntervalMs);
    await followed.watch.ready;
    return followed;
  }

  /** Waits until the watch tells of one more change, and takes it over. */
  async change(what: string): Promise<void> {
    const before = this.changes;
    await eventually(() => this.changes > before, `the watch told of ${what}`);
    this.#known = fingerprintOf(await this.#contents.read(this.directories));
  }
}

const ECHO = 'export default 1;';

describe('the watch of plugin folders', () => {
  it('tells of files that are added, written to, renamed over, moved and removed', async () => {
    const folder = await pluginFolder({ 'one.mjs': ECHO, 'prepared.txt': 'export default 3;' });
    const followed = await Followed.start([folder]);
    const file = join(folder, 'one.mjs');
    await writeFile(join(folder, 'two.js'), ECHO);
    await followed.change('a new file');
    await writeFile(file, 'export default 2;');
    await followed.change('a write in place');
    await rename(join(folder, 'prepared.txt'), file);
    await followed.change('a rename over it');
    await rename(file, join(folder, 'moved.mjs'));
    await followed.change('a move');
    await rm(join(folder, 'moved.mjs'));
    await followed.change('a removal');
    expect(followed.changes).toBe(5);
  });

  it('tells of any file of a plugin in a folder, and of the folder itself', async () => {
    const folder = await pluginFolder({ 'one/index.mjs': ECHO, 'one/lib/deep/value.mjs': ECHO });
    const followed = await Followed.start([folder]);
    await writeFile(join(folder, 'one/lib/deep/value.mjs'), 'export default 2;');
    await followed.change('a file in a folder');
    await writeInto(folder, { 'one/more/text.txt': 'hello' });
    await followed.change('a new folder in the folder');
    await writeInto(folder, { 'one/more/text.txt': 'world' });
    await followed.change('a file in the new folder');
    await writeInto(folder, { 'two/index.js': ECHO });
    await followed.change('a new plugin');
    await rename(join(folder, 'two'), join(folder, 'three'));
    await followed.change('another name');
    await rm(join(folder, 'one'), { recursive: true });
    await followed.change('a removal');
  });

  it('tells of a mounted folder whose link is swapped', async () => {
    const folder = await pluginFolder({ '..first/one.mjs': ECHO, '..second/one.mjs': 'export default 2;' });
    await symlink('..first', join(folder, '..data'));
    await symlink('..data/one.mjs', join(folder, 'one.mjs'));
    const followed = await Followed.start([folder]);
    await symlink('..second', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await followed.change('a swapped link');
  });

  it('tells of a folder that comes later, goes and comes again, by looking every now and then', async () => {
    const folder = join(await pluginFolder({}), 'plugins');
    const followed = await Followed.start([folder], 20);
    await mkdir(folder);
    await writeFile(join(folder, 'one.mjs'), ECHO);
    await followed.change('a folder that was not there');
    await rm(folder, { recursive: true });
    await followed.change('a folder that is gone');
    await writeInto(folder, { 'one.mjs': ECHO });
    await followed.change('a folder that is back');
    await writeFile(join(folder, 'one.mjs'), 'export default 2;');
    await followed.change('a file in it');
  });

  it('is quiet about what is no plugin and about what changes nothing', async () => {
    const folder = await pluginFolder({ 'one.mjs': ECHO });
    const followed = await Followed.start([folder], 20);
    await writeInto(folder, {
      'one.mjs': ECHO,
      'README.md': 'hello',
      '.one.mjs.swp': 'x',
      'one.mjs~': 'x',
      'node_modules/dependency/index.js': 'x',
      'no-plugin/data.json': '{}',
    });
    await writeFile(join(folder, 'two.mjs'), ECHO);
    await followed.change('the only plugin among them');
    expect(followed.changes).toBe(1);
  });

  it('tells once of what nobody takes over', async () => {
    const folder = await pluginFolder({ 'one.mjs': ECHO });
    const followed = await Followed.start([folder], 20);
    await writeFile(join(folder, 'one.mjs'), 'export default 2;');
    await eventually(() => followed.changes > 0, 'the watch told of it');
    await writeFile(join(folder, 'one.mjs'), 'export default 3;');
    await eventually(() => followed.changes > 1, 'the watch told of the next one');
    expect(followed.changes).toBe(2);
  });

  it('is quiet once it is closed', async () => {
    const folder = await pluginFolder({ 'one.mjs': ECHO });
    const followed = await Followed.start([folder], 20);
    const other = await Followed.start([folder], 20);
    await followed.watch.close();
    await writeFile(join(folder, 'one.mjs'), 'export default 2;');
    await other.change('a write');
    expect(followed.changes).toBe(0);
  });
});
