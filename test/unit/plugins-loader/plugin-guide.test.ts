import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const guide = readFileSync(new URL('src/plugin-api/README.md', ROOT), 'utf8');

describe('the guide to writing plugins', () => {
  it('shows the example that is run and tested', () => {
    const [, shown] = /```js\n(.*?)```/s.exec(guide) ?? [];
    expect(shown).toBe(readFileSync(new URL('config/plugins/echo.mjs', ROOT), 'utf8'));
  });

  it('shows the filter that is run and tested', () => {
    const [, shown] = /```js filter\n(.*?)```/s.exec(guide) ?? [];
    expect(shown).toBe(readFileSync(new URL('config/plugins/budget.mjs', ROOT), 'utf8'));
  });
});
