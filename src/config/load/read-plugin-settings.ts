import { ConfigError } from './config-error.ts';
import { ConfigLoad } from './config-load.ts';
import { SourceReading } from '../files/read-sources.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { Environment } from '../document/substitute-env.ts';

/**
 * What a config file, with all files that it includes, says about plugins; undefined when it can't be read. For commands that run once;
 * a running proxy gets the settings during its load.
 */
export async function readPluginSettings(
  file: string,
  env: Environment,
): Promise<PluginSettings | undefined> {
  const reading = new SourceReading(file, env);
  await reading.read();
  try {
    return new ConfigLoad(file, reading, new Map()).pluginSettings;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
