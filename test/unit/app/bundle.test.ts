import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { ROOT } from '../../support/labs/built-program.ts';

/** What src/bundle.mjs makes. */
const BUNDLES = [
  'dist/src/app/worker/bundle.js',
  'dist/src/config/load/bundle.js',
  'dist/plugins/http/bundle.js',
  'dist/plugins/tcp/bundle.js',
];
/** What the proxy shares with plugins, and what is not its own. */
const APART = /^(?:node:|\w|(?:\.\.\/)+(?:src\/)?(?:plugin-api|errors|readings)(?:\/|\.js))/;

describe('the file that the parts of a thread are joined to', () => {
  it.each(BUNDLES)('%s imports nothing of the proxy but what plugins share with it', (bundle) => {
    const imported = [...readFileSync(`${ROOT}/${bundle}`, 'utf8').matchAll(/^import .*"([^"]+)";$/gm)];
    const names = imported.map(([, name = '']) => name);
    expect(names).toContain(bundle.includes('tcp') ? '../../src/errors.js' : 'node:net');
    expect(names.filter((name) => !APART.test(name))).toEqual([]);
  });
});
