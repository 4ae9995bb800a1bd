import { promises, writeFileSync } from 'node:fs';
import { appendFile, link, rename, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigWatch } from '../../../../src/config/watch/config-watch.ts';
import { FollowedConfig, config, put, temporaryDirectory } from './followed-config.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = join(directory, 'balance.yaml');
});

describe('files that a key names', () => {
  it('are part of the config', async () => {
    const page = join(directory, 'pages/502.html');
    await put(page, 'gone');
    await put(file, `${config('a')}http: { error_pages: [{ statuses: [502], file: pages/502.html }] }\n`);
    const followed = await new FollowedConfig(file).start();
    await put(page, 'away');
    await rename(page, `${page}~`);
    await put(page, 'back soon');
    const loaded = followed.loads.length;
    expect(loaded).toBe(1);
    await expect.poll(() => followed.loads.length, { timeout: 10_000 }).toBe(2);
    expect(followed.loads).toEqual(['a', 'a']);
  });
});

describe('a busy file beside the config', () => {
  it('has nothing read but what it says itself', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start();
    const readdir = vi.spyOn(promises, 'readdir');
    syncBuiltinESMExports();
    onTestFinished(() => {
      readdir.mockRestore();
      syncBuiltinESMExports();
    });
    for (let line = 0; line < 100; line++) await appendFile(join(directory, 'balance.log'), 'a line\n');
    await writeFile(file, config('b'));
    await followed.until('b');
    expect(readdir).not.toHaveBeenCalled();
  });
});

describe('a burst of events', () => {
  it('is one change, of the last content', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start({ debounceMs: 300 });
    // Without a pause in which anything else could run.
    for (let round = 0; round < 50; round += 1) writeFileSync(file, config(`b${round}`));
    await followed.until('b49');
    expect(followed.loads).toEqual(['a', 'b49']);
  });

  it('tells only of the whole file when it was written in pieces', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start({ debounceMs: 500 });
    const text = config('b');
    for (const length of [0, 5, 20, text.length]) writeFileSync(file, text.slice(0, length));
    await followed.until('b');
    expect(followed.loads).toEqual(['a', 'b']);
  });

  it('that leaves the content as it was is none', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start();
    await writeFile(file, config('a'));
    await rename(file, `${file}~`);
    await rename(`${file}~`, file);
    await writeFile(file, config('b'));
    await followed.until('b');
    expect(followed.loads).toEqual(['a', 'b']);
  });
});

describe('a file that is missing or empty', () => {
  it('is waited for', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start({ gapSettleMs: 600_000 });
    await writeFile(file, '');
    await put(`${file}.other`, 'x');
    await rm(file);
    await put(file, config('b'));
    await followed.until('b');
    expect(followed.loads).toEqual(['a', 'b']);
  });

  it('is told when it stays so, once, and followed when it is back', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start({ gapSettleMs: 50, pollIntervalMs: 20 });
    await rm(file);
    await followed.until(/does not exist/);
    await put(file, config('b'));
    await followed.until('b');
    await writeFile(file, '');
    await followed.until(/is empty/);
    await put(file, config('a'));
    await followed.until('a');
    expect(followed.loads).toHaveLength(5);
  });

  it('may be missing from the start', async () => {
    const followed = await new FollowedConfig(file).start();
    expect(followed.now).toContain('does not exist');
    await put(file, config('a'));
    await followed.until('a');
  });
});

describe('without events', () => {
  it('an edit is noticed by looking, as on a bind mount', async () => {
    const outside = await temporaryDirectory();
    const included = join(directory, 'conf.d/a.yaml');
    await put(file, 'include: conf.d/*.yaml\n');
    await put(included, config('a'));
    // What is written through another name of the same file is told of in that other place only.
    await link(included, join(outside, 'a.yaml'));
    const followed = await new FollowedConfig(file).start({ pollIntervalMs: 20 });
    await writeFile(join(outside, 'a.yaml'), config('b'));
    await followed.until('b');
    await writeFile(join(outside, 'a.yaml'), config('c'));
    await followed.until('c');
  });

  it('the interval may change on the way', async () => {
    const outside = await temporaryDirectory();
    await put(file, config('a'));
    await link(file, join(outside, 'a.yaml'));
    const followed = await new FollowedConfig(file).start();
    followed.watch.adjust({ debounceMs: 10, pollIntervalMs: 20 });
    await writeFile(join(outside, 'a.yaml'), config('b'));
    await followed.until('b');
  });
});

describe('the watch', () => {
  it('tells of an edit that was made between the load and its start', async () => {
    await put(file, config('a'));
    const followed = new FollowedConfig(file);
    const started = followed.start();
    await started;
    await put(file, config('b'));
    await followed.until('b');
  });

  it('never calls back after close', async () => {
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start();
    await writeFile(file, config('b'));
    await followed.watch.close();
    const later = await new FollowedConfig(file).start();
    await writeFile(file, config('c'));
    await later.until('c');
    expect(followed.loads).toEqual(['a']);
  });

  it('ends when loads never see what it sees', async () => {
    await put(file, config('a'));
    const sources = { files: [{ file, role: 'main', hash: 'x' }], includes: [], hash: 'x' } as const;
    let tells = 0;
    const watch = new ConfigWatch({
      sources,
      debounceMs: 5,
      pollIntervalMs: 5,
      onChange: () => {
        tells += 1;
        watch.follow({ ...sources, hash: 'y' });
        return Promise.resolve();
      },
    });
    await watch.ready;
    await expect.poll(() => tells, { timeout: 10_000 }).toBe(3);
    const looks = await temporaryDirectory();
    const other = await new FollowedConfig(join(looks, 'x.yaml')).start({ pollIntervalMs: 5 });
    await put(join(looks, 'x.yaml'), config('later'));
    await other.until('later');
    expect(tells).toBe(3);
    await watch.close();
  });
});
