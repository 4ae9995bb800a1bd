import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { FollowedFile } from '../../../../../src/net/dns/sources/followed-file.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { owned } from '../../../../support/owned.ts';

function lab() {
  const folder = mkdtempSync(join(tmpdir(), 'balance-followed-'));
  owned({ close: () => rmSync(folder, { recursive: true }) });
  const path = join(folder, 'hosts');
  const texts: string[] = [];
  return {
    folder,
    path,
    follow: () => {
      const file: FollowedFile = owned(new FollowedFile(path, () => texts.push(file.text)));
      return file;
    },
    texts,
    until: (text: string) => eventually(() => texts.at(-1) === text, `${JSON.stringify(text)} is read`),
  };
}

describe('a followed file', () => {
  it('is read anew when it is written in place, renamed over, removed and made again', async () => {
    const { path, folder, follow, texts, until } = lab();
    writeFileSync(path, 'one');
    expect(follow().text).toBe('one');
    writeFileSync(path, 'two');
    await until('two');
    writeFileSync(join(folder, 'other'), 'three');
    renameSync(join(folder, 'other'), path);
    await until('three');
    rmSync(path);
    await until('');
    writeFileSync(path, 'four');
    await until('four');
    // A write in place may be seen between its two steps.
    expect(texts.filter((text) => text !== '')).toEqual(['two', 'three', 'four']);
  });

  it('need not be there, nor its folder, nor be readable', async () => {
    const { path, folder, follow, until } = lab();
    const nowhere = owned(new FollowedFile(join(folder, 'missing/hosts'), () => undefined));
    expect(nowhere.text).toBe('');
    mkdirSync(path);
    expect(follow().text).toBe('');
    rmSync(path, { recursive: true });
    writeFileSync(path, 'one');
    await until('one');
  });

  it('is looked at where no event tells of an edit: behind a link', async () => {
    const { path, folder, follow, until } = lab();
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run/real'), 'one');
    symlinkSync('run/real', path);
    expect(follow().text).toBe('one');
    writeFileSync(join(folder, 'run/real'), 'two');
    await until('two');
  });

  it('tells nothing of a write that changes nothing', async () => {
    const { path, follow, texts, until } = lab();
    writeFileSync(path, 'one');
    follow();
    writeFileSync(path, 'one');
    writeFileSync(path, 'two');
    await until('two');
    expect(texts.filter((text) => text !== '')).toEqual(['two']);
  });

  it('of more than it could be is not read', () => {
    const { path, follow } = lab();
    writeFileSync(path, Buffer.alloc(17 * 1024 * 1024));
    expect(follow().text).toBe('');
  });
});
