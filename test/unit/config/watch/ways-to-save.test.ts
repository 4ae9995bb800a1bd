import { rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FollowedConfig, config, put, temporaryDirectory } from './followed-config.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = join(directory, 'balance.yaml');
});

/** Ways to save a file, as programs do it. */
const SAVES: Readonly<Record<string, (path: string, text: string) => Promise<void>>> = {
  'written in place': (path, text) => writeFile(path, text),
  'emptied first, then written': async (path, text) => {
    await truncate(path);
    await writeFile(path, text);
  },
  'renamed over, as by sed -i': async (path, text) => {
    await writeFile(`${path}.x1`, text);
    await rename(`${path}.x1`, path);
  },
  'moved away to a backup and written anew, as by vim': async (path, text) => {
    await rename(path, `${path}~`);
    await writeFile(path, text);
    await rm(`${path}~`);
  },
  'deleted and written again': async (path, text) => {
    await rm(path);
    await writeFile(path, text);
  },
  'swapped by a link': async (path, text) => {
    await writeFile(`${path}.target`, text);
    await symlink(`${path}.target`, `${path}.link`);
    await rename(`${path}.link`, path);
  },
};

describe.each(Object.entries(SAVES))('a file that is %s', (_how, save) => {
  it('is noticed, again and again', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start();
    for (const name of ['b', 'c']) {
      await save(file, config(name));
      await followed.until(name);
      await rm(`${file}.target`, { force: true });
      await put(file, config(`${name}0`));
      await followed.until(`${name}0`);
    }
    expect(followed.loads.slice(0, 5)).toEqual(['a', 'b', 'b0', 'c', 'c0']);
  });

  it('is noticed when it is included', async () => {
    const included = join(directory, 'conf.d/a.yaml');
    await put(file, 'include: conf.d/*.yaml\n');
    await put(included, config('a'));
    const followed = await new FollowedConfig(file).start();
    for (const name of ['b', 'c']) {
      await save(included, config(name));
      await followed.until(name);
      await rm(`${included}.target`, { force: true });
      await put(included, config(`${name}0`));
      await followed.until(`${name}0`);
    }
  });
});

import { eventually } from '../../../support/time/eventually.ts';

describe('somebody who writes on and on', () => {
  it('does not keep the edits from being seen', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'balance.yaml');
    await put(file, config('first'));
    // Each write comes long before the quiet that an edit is usually read in.
    const followed = await new FollowedConfig(file).start({ debounceMs: 400 });
    let writes = 0;
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) {
        await put(`${file}~`, config(`w${++writes}`));
        await rename(`${file}~`, file);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    try {
      await eventually(() => Promise.resolve(/^w\d/.test(followed.now)), 'one of the edits is seen');
    } finally {
      stop.abort();
      await writing;
    }
    await eventually(() => Promise.resolve(followed.now === `w${writes}`), 'the last edit is seen');
  });
});
