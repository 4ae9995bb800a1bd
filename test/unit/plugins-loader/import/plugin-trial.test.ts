import { describe, expect, it } from 'vitest';
import { join } from 'node:path';

import { tryPlugin } from '../../../../src/plugins/import/plugin-trial.ts';
import { pluginFolder } from '../../../support/labs/plugin-lab.ts';

const LIMIT_MS = 50_000;

async function trial(text: string, limitMs = LIMIT_MS): Promise<void> {
  const folder = await pluginFolder({ 'plugin.mjs': text });
  await tryPlugin({ file: join(folder, 'plugin.mjs'), folder: undefined }, limitMs);
}

describe('the trial of a plugin', () => {
  it.each([
    ['does nothing else', 'export default {};'],
    ['waits for something', 'await new Promise((resolve) => setTimeout(resolve, 20)); export default {};'],
    ['keeps a timer', 'setInterval(() => {}, 10); export default {};'],
    ['prints', 'console.log("hello"); console.error("hello"); export default {};'],
  ])('passes one that %s', async (_, text) => {
    await expect(trial(text)).resolves.toBeUndefined();
  });

  it.each([
    ['throws', '\nthrow new Error("not today");', /^not today \(plugin\.mjs:2:7\)$/],
    [
      'throws a moment later',
      'setTimeout(() => { throw new Error("too late"); }, 20);',
      /it throws when it is imported: too late \(plugin\.mjs:1:/,
    ],
    [
      'lets a promise reject',
      'Promise.reject(new Error("dropped"));',
      /it throws when it is imported: dropped \(plugin\.mjs:1:/,
    ],
    ['exits', 'process.exit(3);', /^it calls process\.exit\(3\) when it is imported$/],
    [
      'exits a moment later',
      'setTimeout(() => process.exit(), 20);',
      /^it calls process\.exit\(0\) when it is imported$/,
    ],
    ['waits for nothing', 'await new Promise(() => {});', /never finishes.*top-level await/],
    ['is no JavaScript', 'const a = 1;\n\nexport const = 5;', /^Unexpected token '=' \(plugin\.mjs:3\)$/],
    [
      'imports what there is not',
      "import { nothing } from 'node:fs';",
      /does not provide an export named 'nothing'/,
    ],
    [
      'fills the heap',
      'const all = []; for (;;) all.push(new Array(1e5).fill(all.length + 0.5));',
      /memory limit/,
    ],
  ])('stops one that %s', async (_, text, reason) => {
    await expect(trial(text)).rejects.toThrow(reason);
  });

  it.each([
    ['blocks', 'for (;;);'],
    ['waits for ever', 'setInterval(() => {}, 10); await new Promise(() => {});'],
  ])('stops one that %s when its time is up', async (_, text) => {
    await expect(trial(text, 500)).rejects.toThrow('importing it takes longer than 500 ms');
  });

  it('finds the syntax error in whichever file of a folder it is', async () => {
    const folder = await pluginFolder({
      'one/index.mjs': "import './lib/deep/broken.mjs'; export default {};",
      'one/lib/fine.mjs': 'export default 1;',
      'one/lib/deep/broken.mjs': '\nexport default {',
    });
    const source = { file: join(folder, 'one/index.mjs'), folder: join(folder, 'one') };
    await expect(tryPlugin(source, LIMIT_MS)).rejects.toThrow(
      'Unexpected end of input (lib/deep/broken.mjs:2)',
    );
  });
});
