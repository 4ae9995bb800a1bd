import { expect, it } from 'vitest';

import type { ConfigSources, SourceFile } from '../../../../../src/config/files/config-sources.ts';
import { onlyNamedFilesDiffer } from '../../../../../src/runtime/reload/follow/named-files-differ.ts';

const main: SourceFile = { file: '/x/main.yaml', role: 'main', hash: 'm' };
const part: SourceFile = { file: '/x/part.yaml', role: 'include', hash: 'p' };
const cert: SourceFile = { file: '/x/a.crt', role: 'reference', hash: 'c' };
const key: SourceFile = { file: '/x/a.key', role: 'reference', hash: 'k' };

const of = (...files: readonly SourceFile[]): ConfigSources => ({ files, includes: [], hash: '' });
const before = of(main, part, cert, key);

it('is about files that keys name alone', () => {
  expect(onlyNamedFilesDiffer(before, of(main, part, { ...cert, hash: 'new' }, key))).toBe(true);
  expect(onlyNamedFilesDiffer(before, before)).toBe(false);
  for (const edited of [
    of({ ...main, hash: 'new' }, part, cert, key),
    of(main, { ...part, hash: 'new' }, { ...cert, hash: 'new' }, key),
    of(main, { ...cert, hash: 'new' }, key),
  ])
    expect(onlyNamedFilesDiffer(before, edited)).toBe(false);
});

it('is not about a file that is gone', () => {
  expect(onlyNamedFilesDiffer(before, of(main, part, { ...cert, hash: undefined }, key))).toBe(false);
  expect(onlyNamedFilesDiffer(of(main, { ...cert, hash: undefined }), of(main, cert))).toBe(true);
});
