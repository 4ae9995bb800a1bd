import { dirname, resolve } from 'node:path';

import type { Config } from '../schema/config.generated.ts';
import { parseDurationMs } from '../values/units.ts';

/** Where plugins are. Needed before a config is checked, because the check has to know the modes that plugins add. */
export interface PluginSettings {
  /** Absolute path; undefined when the config names no directory. */
  readonly directory: string | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** The settings of a config that is not checked yet. Wrong values are ignored here; the check reports them. */
export function uncheckedPluginSettings(file: string, config: unknown): PluginSettings {
  const section = property(config, 'plugins');
  const directory = property(section, 'directory');
  return settings(
    file,
    typeof directory === 'string' ? directory : undefined,
    durationMs(property(section, 'timeout')),
  );
}

/** The settings of a config that was checked. */
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
