import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { diffConfigs as diff } from '../../../../src/config/diff/diff-configs.ts';
import { exampleFolder } from '../../../support/labs/example-folder.ts';
import { loadConfig, rulesOf } from '../../../support/labs/load-config.ts';

const diffConfigs = (before: Config, after: Config) => diff(before, after, { rulesOf });

const folder = await exampleFolder();
const ENV: Record<string, string> = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/\$\{env:(\w+)\}/g)])
    .map(([, name = '']) => [name, '0123456789abcdef0123456789abcdef'] as const),
);

type Place = readonly (string | number)[];

/** Every value in a config that is no section and no list. */
function* leaves(value: unknown, at: Place = []): Generator<Place> {
  if (typeof value !== 'object' || value === null) yield at;
  else
    for (const [key, inner] of Object.entries(value))
      yield* leaves(inner, [...at, Array.isArray(value) ? Number(key) : key]);
}

function withChange(
  config: Config,
  at: Place,
  change: (value: unknown, key: string | number, owner: object) => void,
): Config {
  const copy = structuredClone(config);
  let owner = copy as unknown as Record<string | number, unknown>;
  for (const key of at.slice(0, -1)) owner = owner[key] as Record<string | number, unknown>;
  const key = at.at(-1)!;
  change(owner[key], key, owner);
  return copy;
}

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  const text = String(value);
  return /:\d+$/.test(text) ? text.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)) : `${text}x`;
}

it.each(readdirSync(folder).filter((file) => file.endsWith('.yaml')))(
  'notices each setting of %s',
  async (file) => {
    const path = join(folder, file);
    const { config } = await loadConfig(path, { modes: ['http', 'tcp', 'echo', 'redis'], env: ENV });
    expect(diffConfigs(config, structuredClone(config))).toEqual([]);
    for (const at of leaves(config)) {
      // What a backend's URL leads to is its address.
      if (at.at(-1) === 'url') continue;
      const changed = withChange(config, at, (value, key, owner) => Reflect.set(owner, key, another(value)));
      expect(diffConfigs(config, changed), `changed ${at.join('.')}`).not.toEqual([]);
      expect(diffConfigs(changed, config), `changed ${at.join('.')}`).not.toEqual([]);
      if (typeof at.at(-1) === 'number') continue;
      const isNeeded = ['name', 'address', 'listen', 'statuses', 'action'].includes(String(at.at(-1)));
      if (isNeeded) continue;
      const without = withChange(config, at, (_value, key, owner) => Reflect.deleteProperty(owner, key));
      expect(diffConfigs(config, without), `without ${at.join('.')}`).not.toEqual([]);
      expect(diffConfigs(without, config), `without ${at.join('.')}`).not.toEqual([]);
    }
  },
);
