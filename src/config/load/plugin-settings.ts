import { dirname, resolve } from 'node:path';

import type { Config } from '../schema/config.generated.ts';
import { parseDurationMs } from '../values/units.ts';

/** What has to be known about plugins before a config can be checked, because the check has to know their modes. */
export interface PluginSettings {
  /** Absolute; undefined when the config names none. */
  readonly directory: string | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** What a config says whose values were not checked yet. What is wrong with them is the check's business. */
export function uncheckedPluginSettings(file: string, config: unknown): PluginSettings {
  const section = property(config, 'plugins');
  const directory = property(section, 'directory');
  return settings(
    file,
    typeof directory === 'string' ? directory : undefined,
    durationMs(property(section, 'timeout')),
  );
}

/** The same of a config that was checked. */
export function loadedPluginSettings({
  file,
  config,
}: {
  readonly file: string;
  readonly config: Config;
}): PluginSettings {
  return settings(file, config.plugins.directory, config.plugins.timeout);
}

function settings(file: string, directory: string | undefined, timeoutMs: number): PluginSettings {
  return { directory: directory === undefined ? undefined : resolve(dirname(file), directory), timeoutMs };
}

function durationMs(value: unknown): number {
  try {
    return typeof value === 'string' ? parseDurationMs(value) : DEFAULT_TIMEOUT_MS;
  } catch {
    return DEFAULT_TIMEOUT_MS;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
