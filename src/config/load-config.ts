import type { LoadOptions, LoadedConfig } from './loaded-config.ts';
import { ConfigLoad } from './config-load.ts';
import { hashOf, readConfigFile } from './read-config-file.ts';

export type { LoadOptions, LoadedConfig };

/**
 * Reads a config file, checks it completely and gives it in its normalized form.
 * Throws a ConfigError with all problems at once.
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<LoadedConfig> {
  const { text, hash } = await readConfigFile(file);
  return new ConfigLoad(text, file, hash, options).run();
}

/** {@link loadConfig} for a text that is there already; `file` is only for messages. */
export function loadConfigText(text: string, file: string, options: LoadOptions): LoadedConfig {
  return new ConfigLoad(text, file, hashOf(text), options).run();
}
