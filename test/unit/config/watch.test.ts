import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashOf } from '../../../src/config/read-config-file.ts';
import type { ConfigFileWatch, WatchOptions } from '../../../src/config/watch.ts';
import { watchConfigFile } from '../../../src/config/watch.ts';

/** Longer than any test: what is noticed came from an event. */
const NO_POLL_MS = 600_000;

let directory: string;
let file: string;
let watches: ConfigFileWatch[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'balance-watch-'));
  file = join(directory, 'balance.yaml');
  watches = [];
});

afterEach(async () => {
  await Promise.all(watches.map((watch) => watch.close()));
  await rm(directory, { recursive: true, force: true });
});

/** Starts a watch; `next(content)` resolves once the watch told of that content. */
async function start(options: Partial<WatchOptions> = {}) {
  const seen: string[] = [];
  const watch = watchConfigFile(file, {
    debounceMs: 10,
    pollIntervalMs: NO_POLL_MS,
    onChange: (hash) => seen.push(hash),
    ...options,
  });
  watches.push(watch);
  await watch.ready;
  const next = (content: string) =>
    vi.waitFor(() => expect(seen.at(-1)).toBe(hashOf(content)), { timeout: 20_000, interval: 10 });
  return { seen, next, watch };
}

describe('watchConfigFile', () => {
  it('notices a file written in place', async () => {
    await writeFile(file, 'a: 1');
    const { next, seen } = await start();
    await writeFile(file, 'a: 2');
    await next('a: 2');
    await writeFile(file, 'a: 3');
    await next('a: 3');
    expect(seen).toHaveLength(2);
  });

  it('notices a file renamed over it, again and again', async () => {
    await writeFile(file, 'a: 1');
    const { next } = await start();
    for (const content of ['a: 2', 'a: 3', 'a: 4']) {
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
      await next(content);
    }
  });

  it('notices the swap of a symlinked directory, as a mounted ConfigMap does it', async () => {
    for (const [version, content] of [
      ['..1', 'a: 1'],
      ['..2', 'a: 2'],
    ] as const) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'balance.yaml'), content);
    }
    await symlink('..1', join(directory, '..data'));
    await symlink(join('..data', 'balance.yaml'), file);
    const { next } = await start();
    await symlink('..2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await next('a: 2');
  });

  it('tells only of the whole file when it was written in two pieces', async () => {
    await writeFile(file, 'a: 1');
    const { next, seen } = await start({ debounceMs: 500 });
    await writeFile(file, 'a: 2\nb:');
    await writeFile(file, 'a: 2\nb: 3');
    await next('a: 2\nb: 3');
    expect(seen).toEqual([hashOf('a: 2\nb: 3')]);
  });

  it('ignores an empty file and goes on with what follows', async () => {
    await writeFile(file, 'a: 1');
    const { next, seen } = await start({ pollIntervalMs: 10 });
    await writeFile(file, '');
    await writeFile(`${file}.other`, 'x');
    await writeFile(file, 'a: 2');
    await next('a: 2');
    expect(seen).not.toContain(hashOf(''));
  });

  it('does not tell of an edit that leaves the content as it was', async () => {
    await writeFile(file, 'a: 1');
    const { next, seen } = await start();
    await writeFile(file, 'a: 1');
    await writeFile(file, 'a: 2');
    await next('a: 2');
    expect(seen).toEqual([hashOf('a: 2')]);
  });

  it('notices a file that was deleted and written again', async () => {
    await writeFile(file, 'a: 1');
    const { next } = await start();
    await rm(file);
    await writeFile(file, 'a: 2');
    await next('a: 2');
  });

  it('notices a file that did not exist at the start', async () => {
    const { next } = await start();
    await writeFile(file, 'a: 1');
    await next('a: 1');
  });

  it('follows a directory that was removed and made again', async () => {
    await writeFile(file, 'a: 1');
    const { next } = await start({ pollIntervalMs: 20 });
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await writeFile(file, 'a: 2');
    await next('a: 2');
    await writeFile(file, 'a: 3');
    await next('a: 3');
  });

  it('tells of an edit that was made between the load and the watch', async () => {
    await writeFile(file, 'a: 2');
    const { next } = await start({ knownHash: hashOf('a: 1') });
    await next('a: 2');
  });

  it('never calls back after close', async () => {
    await writeFile(file, 'a: 1');
    const { watch, seen } = await start();
    await writeFile(file, 'a: 2');
    await watch.close();
    const later = await start();
    await writeFile(file, 'a: 3');
    await later.next('a: 3');
    expect(seen).toEqual([]);
  });
});
