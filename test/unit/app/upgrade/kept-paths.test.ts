import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { KeptPaths } from '../../../../src/app/upgrade/kept-paths.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

/** A folder with two files, in the place of sockets. */
function sockets() {
  const folder = mkdtempSync(join(tmpdir(), 'balance-kept-'));
  owned({
    close: () => {
      rmSync(folder, { recursive: true });
    },
  });
  const paths = [join(folder, 'a'), join(folder, 'b')] as const;
  for (const path of paths) writeFileSync(path, 'mine');
  const rename = (path: string): void => {
    writeFileSync(`${path}.new`, 'of the new version');
    renameSync(`${path}.new`, path);
  };
  return { folder, paths, rename, logger: new RecordingLogger() };
}

describe('the paths of unix sockets during an upgrade', () => {
  it('lead to the same sockets again when it fails, whatever the new version did with them', () => {
    const { folder, paths, rename, logger } = sockets();
    const [first, second] = paths;
    for (const harm of [rename, rmSync, () => undefined]) {
      const kept = new KeptPaths(paths);
      harm(first);
      kept.restore(logger);
      expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['mine', 'mine']);
      expect(readdirSync(folder)).toEqual(['a', 'b']);
    }
    rmSync(second);
    mkdirSync(second);
    expect(() => new KeptPaths(paths)).toThrow(/^unix:\/.*\/b can't be kept for a failure: /);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
    expect(logger.lines).toEqual([]);
  });

  it('lead to the new ones when it is done, and nothing else is left', () => {
    const { folder, paths, rename } = sockets();
    writeFileSync(`${paths[0]}.old`, 'of a process that was killed');
    const kept = new KeptPaths(paths);
    for (const path of paths) rename(path);
    kept.release();
    expect(readFileSync(paths[0], 'utf8')).toBe('of the new version');
    expect(readdirSync(folder)).toEqual(['a', 'b']);
  });

  it('are told of when they can not be put back', () => {
    const { folder, paths, logger } = sockets();
    const kept = new KeptPaths(paths);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    kept.restore(logger);
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[0]).toContain('error a unix socket could not be put back');
  });
});
