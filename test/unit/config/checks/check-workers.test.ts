import { describe, expect, it } from 'vitest';

import { diffConfigs } from '../../../../src/config/diff/diff-configs.ts';
import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { restorableText, showConfig } from '../../../../src/config/schema/show-config.ts';
import { loadConfigText, rulesOf } from '../../../support/labs/load-config.ts';
import { problemsOf, warningsOf } from '../problems-of.ts';

const rest = 'backends: [{ name: a, address: "a:1" }]\n';
const load = (text: string, env = {}): Config =>
  loadConfigText(rest + text, 'x.yaml', { modes: ['http', 'tcp'], env }).config;

const KEPT = { hang_timeout: 10_000, replace_hung: false };

describe('the workers of a config', () => {
  it.each([
    ['', 1],
    ['workers: 1', 1],
    ['workers: 64', 64],
    ['workers: auto', 'auto'],
    ['workers: "4"', 4],
    ['workers: {}', 1],
    ['workers: { count: auto }', 'auto'],
    ['workers: { count: 3 }', 3],
  ])('%s', (text, count) => {
    expect(load(text).workers).toEqual({ count, ...KEPT });
    expect(warningsOf(rest + text)).toEqual([]);
  });

  it.each(['workers: "${env:COUNT}"', 'workers: { count: "${env:COUNT}" }'])('%s', (text) => {
    expect(load(text, { COUNT: '4' }).workers).toEqual({ count: 4, ...KEPT });
    expect(load(text, { COUNT: 'auto' }).workers).toEqual({ count: 'auto', ...KEPT });
  });

  it('say what becomes of a hung one', () => {
    const { workers } = load('workers: { hang_timeout: 5s, replace_hung: true }');
    expect(workers).toEqual({ count: 1, hang_timeout: 5000, replace_hung: true });
  });

  it.each([
    ['workers: 0', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: 65', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: 1.5', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: true', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: all', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: "0"', 'x.yaml:2:10 workers must be a whole number from 1 to 64, or auto'],
    ['workers: { count: [1] }', 'x.yaml:2:12 workers.count must be a whole number from 1 to 64, or auto'],
    ['workers: { counts: 2 }', 'x.yaml:2:12 workers.counts is not a known key; did you mean "count"?'],
    ['workers: { hang_timeout: 500ms }', 'x.yaml:2:26 workers.hang_timeout must be at least 1s'],
    [
      'workers: { hang_timeout: 0 }',
      'x.yaml:2:26 workers.hang_timeout must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d, longer than 0',
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(rest + text)).toEqual([problem]);
  });

  it('are shown, and restored from what is shown', () => {
    const config = load('workers: { count: auto, hang_timeout: 5s }');
    expect(showConfig(config)['workers']).toEqual({ count: 'auto', hang_timeout: '5s', replace_hung: false });
    const again = loadConfigText(restorableText(config), 'x.yaml', { modes: ['http', 'tcp'] });
    expect(again.config).toEqual(config);
  });

  it('change at the next start alone', () => {
    const before = load('workers: 2');
    const after = load('workers: { count: auto, hang_timeout: 5s, replace_hung: true }');
    const changes = diffConfigs(before, after, { rulesOf });
    expect(changes.map(({ effect, summary, note }) => [effect, summary, note])).toEqual([
      ['restart', 'workers.count 2 → auto', 'has effect at the next start or upgrade'],
      ['hot', 'workers.hang_timeout 10s → 5s', undefined],
      ['hot', 'workers.replace_hung false → true', undefined],
    ]);
  });
});

describe('the upgrade of a config', () => {
  it('has a limit in time, and may have a command', () => {
    expect(load('').upgrade).toEqual({ timeout: 60_000 });
    expect(load('upgrade: { command: [balance, run], timeout: 5s }').upgrade).toEqual({
      command: ['balance', 'run'],
      timeout: 5000,
    });
  });

  it.each([
    ['upgrade: { command: [] }', 'x.yaml:2:12 upgrade.command must have at least one item'],
    ['upgrade: { command: [""] }', 'x.yaml:2:22 upgrade.command[0] must not be empty'],
    [
      'upgrade: { command: balance run }',
      "x.yaml:2:21 upgrade.command must be a list; write each item on a line of its own that begins with '- '",
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(rest + text)).toEqual([problem]);
  });
});
