import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

import type { LoadedConfig } from './loaded-config.ts';
import { expandEnv, type Environment } from './substitute-env.ts';
import { parseDurationMs } from './units.ts';

/** What has to be known about plugins before a config can be checked, because the check has to know their modes. */
export interface PluginSettings {
  /** Absolute; undefined when the config names none. */
  readonly directory: string | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** The section's lines, when it stands at the top level in block style: the rest of a large file need not be parsed twice. */
const SECTION = /^plugins[ \t]*:.*(?:\r?\n(?:[ \t#].*)?)*/m;

/**
 * Reads the `plugins` section of a config file; undefined when the file can't be read at all. What is wrong with it is the
 * check's business.
 */
export async function pluginSettings(file: string, env: Environment): Promise<PluginSettings | undefined> {
  let section: unknown;
  try {
    section = sectionOf(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  return settings(file, text(section, 'directory', env), durationMs(text(section, 'timeout', env)));
}

/** The same of a config that was checked. */
export function loadedPluginSettings({ file, config }: LoadedConfig): PluginSettings {
  return settings(file, config.plugins.directory, config.plugins.timeout);
}

function settings(file: string, directory: string | undefined, timeoutMs: number): PluginSettings {
  return { directory: directory === undefined ? undefined : resolve(dirname(file), directory), timeoutMs };
}

function sectionOf(source: string): unknown {
  if (!/\bplugins\b/.test(source)) return undefined;
  const lines = SECTION.exec(source)?.[0];
  try {
    return property(parse(lines ?? source, { logLevel: 'silent' }), 'plugins');
  } catch (error) {
    // It may use an anchor of another section.
    if (lines === undefined) throw error;
    return property(parse(source, { logLevel: 'silent' }), 'plugins');
  }
}

function text(section: unknown, key: string, env: Environment): string | undefined {
  const value = property(section, key);
  return typeof value === 'string' ? expandEnv(value, env) : undefined;
}

function durationMs(value: string | undefined): number {
  try {
    return value === undefined ? DEFAULT_TIMEOUT_MS : parseDurationMs(value);
  } catch {
    return DEFAULT_TIMEOUT_MS;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
