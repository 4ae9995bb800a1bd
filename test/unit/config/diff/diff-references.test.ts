import { describe, expect, it } from 'vitest';
import type { ConfigSources, SourceFile } from '../../../../src/config/files/config-sources.ts';
import { diffReferences } from '../../../../src/config/diff/diff-references.ts';

const main: SourceFile = { file: '/etc/balance/main.yaml', role: 'main', hash: 'm' };
const page = (hash: string, file = '/etc/balance/pages/502.html'): SourceFile => ({
  file,
  role: 'reference',
  hash,
  keyPath: 'listeners[web].http.error_pages[0].file',
});
const sources = (...files: SourceFile[]): ConfigSources => ({
  files: [main, ...files],
  includes: [],
  hash: '',
});

describe('diffReferences', () => {
  it('names a file whose content changed, and the place that names it', () => {
    expect(diffReferences(sources(page('a')), sources(page('b')))).toEqual([
      {
        path: 'listeners[web].http.error_pages[0].file',
        kind: 'changed',
        effect: 'hot',
        summary: 'file pages/502.html changed',
      },
    ]);
  });

  it('leaves out what is as it was, what is new and what is gone: the config says so', () => {
    expect(diffReferences(undefined, sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(page('a')), sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(), sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(page('a')), sources())).toEqual([]);
    expect(diffReferences(sources(page('a')), sources(page('b', '/other')))).toEqual([]);
  });

  it('has nothing to say of the files with the config itself', () => {
    const edited = { ...sources(), files: [{ ...main, hash: 'n' }] };
    expect(diffReferences(sources(), edited)).toEqual([]);
  });
});
