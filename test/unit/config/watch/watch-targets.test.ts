import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FollowedConfig, config, put, temporaryDirectory } from './followed-config.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = join(directory, 'balance.yaml');
});

describe('links on the way to a file', () => {
  it('are followed when a ConfigMap swaps its data', async () => {
    for (const version of ['1', '2', '3']) {
      await put(join(directory, `..${version}/balance.yaml`), 'include: "*.yaml"\n');
      await put(join(directory, `..${version}/backends.yaml`), config(`v${version}`));
    }
    await symlink('..1', join(directory, '..data'));
    await symlink(join('..data', 'balance.yaml'), file);
    await symlink(join('..data', 'backends.yaml'), join(directory, 'backends.yaml'));
    const followed = await new FollowedConfig(file).start();
    for (const version of ['2', '3']) {
      await symlink(`..${version}`, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      await rm(join(directory, `..${Number(version) - 1}`), { recursive: true });
      await followed.until(`v${version}`);
    }
    expect(followed.loads).toEqual(['v1', 'v2', 'v3']);
  });

  it('are followed when the link of a whole release is swapped, and in the release itself', async () => {
    for (const release of ['1', '2']) {
      await put(join(directory, `releases/${release}/balance.yaml`), 'include: conf.d/*.yaml\n');
      await put(join(directory, `releases/${release}/conf.d/a.yaml`), config(`r${release}`));
    }
    await symlink('releases/1', join(directory, 'current'));
    const followed = await new FollowedConfig(join(directory, 'current/balance.yaml')).start();
    await symlink('releases/2', join(directory, 'next'));
    await rename(join(directory, 'next'), join(directory, 'current'));
    await followed.until('r2');
    await put(join(directory, 'releases/2/conf.d/a.yaml'), config('edited'));
    await followed.until('edited');
  });

  it('are followed to the file that is edited', async () => {
    const target = join(directory, 'elsewhere/real.yaml');
    await put(target, config('a'));
    await symlink(target, join(directory, 'second'));
    await symlink('second', file);
    const followed = await new FollowedConfig(file).start();
    await writeFile(target, config('b'));
    await followed.until('b');
    await rename(target, `${target}~`);
    await writeFile(target, config('c'));
    await followed.until('c');
  });

  it('that lead in a circle are a problem that is noticed to be gone', async () => {
    await symlink('balance.yaml', file);
    const followed = await new FollowedConfig(file).start();
    expect(followed.now).toContain("can't be read");
    await rm(file);
    await writeFile(file, config('a'));
    await followed.until('a');
  });
});

describe('folders', () => {
  it('are followed when they are removed and made again', async () => {
    const folder = join(directory, 'etc');
    file = join(folder, 'balance.yaml');
    await put(file, config('a'));
    const followed = await new FollowedConfig(file).start();
    for (const name of ['b', 'c']) {
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await writeFile(file, config(name));
      await followed.until(name);
    }
    expect(followed.loads).toEqual(['a', 'b', 'c']);
  });

  it('are followed when another one takes their place, and in that one', async () => {
    const folder = join(directory, 'conf.d');
    await put(file, 'include: conf.d/*.yaml\n');
    await put(join(folder, 'a.yaml'), config('a'));
    await put(join(directory, 'next/b.yaml'), config('b'));
    const followed = await new FollowedConfig(file).start();
    await rename(folder, `${folder}.old`);
    await rename(join(directory, 'next'), folder);
    await followed.until('b');
    await writeFile(join(folder, 'b.yaml'), config('c'));
    await followed.until('c');
    await writeFile(join(`${folder}.old`, 'a.yaml'), config('old'));
    await writeFile(join(folder, 'b.yaml'), config('d'));
    await followed.until('d');
    expect(followed.loads).toEqual(['a', 'b', 'c', 'd']);
  });

  it('that a pattern names may come later', async () => {
    await put(file, `include: a/b/*.yaml\n${config('main')}`);
    const followed = await new FollowedConfig(file).start();
    await put(join(directory, 'a/b/x.yaml'), config('x'));
    await followed.until('main x');
  });
});

describe('files that a pattern matches', () => {
  const included = (name: string): string => join(directory, 'conf.d', name);

  beforeEach(async () => {
    await put(file, 'include: conf.d/*.yaml\n');
    await put(included('10.yaml'), config('a'));
  });

  it('come and go', async () => {
    const followed = await new FollowedConfig(file).start();
    await put(included('20.yaml'), config('b'));
    await followed.until('a b');
    await rename(included('20.yaml'), included('05.yaml'));
    await followed.until('b a');
    await rm(included('05.yaml'));
    await followed.until('a');
    expect(followed.loads).toEqual(['a', 'a b', 'b a', 'a']);
  });

  it('are no others: backups, hidden files and what lies beside them tell nothing', async () => {
    const followed = await new FollowedConfig(file).start();
    for (const name of ['10.yaml~', '.10.yaml.swp', '4913', 'README', '20.yml'])
      await put(included(name), 'x');
    await put(included('20.yaml'), config('b'));
    await followed.until('a b');
    expect(followed.loads).toEqual(['a', 'a b']);
  });

  it('are one change when all of them are written anew', async () => {
    const followed = await new FollowedConfig(file).start({ debounceMs: 100 });
    await rm(join(directory, 'conf.d'), { recursive: true });
    for (const name of ['1', '2', '3']) await put(included(`${name}.yaml`), config(name));
    await followed.until('1 2 3');
    expect(followed.loads).toEqual(['a', '1 2 3']);
  });

  it('are followed from an edit of the main file on that names them, mistakes included', async () => {
    const followed = await new FollowedConfig(file).start();
    await put(join(directory, 'more/x.yaml'), 'nonsense: 1\n');
    await put(file, 'include: [conf.d/*.yaml, more/x.yaml]\n');
    await followed.until(/nonsense is not a known key/);
    await put(join(directory, 'more/x.yaml'), config('x'));
    await followed.until('a x');
    await put(file, 'include: more/*.yaml\n');
    await followed.until('x');
    await put(included('10.yaml'), config('nobody looks'));
    await put(join(directory, 'more/y.yaml'), config('y'));
    await followed.until('x y');
    expect(followed.loads.filter((load) => load.includes('nobody'))).toEqual([]);
  });
});
