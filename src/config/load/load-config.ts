import { ConfigLoad } from './config-load.ts';
import { SourceReading } from '../files/read-sources.ts';
import type { LoadOptionsWithRules, LoadResult, LoadedConfig } from './loaded-config.ts';
import { loadedConfig } from './loaded-config.ts';

export type { LoadedConfig };

/**
 * Reads a config file with all files that it includes, checks it completely and gives the normalized config.
 * Throws a ConfigError with all problems.
 */
export async function loadConfig(file: string, options: LoadOptionsWithRules): Promise<LoadedConfig> {
  return loadedConfig(await loadResult(file, options));
}

/** {@link loadConfig} as plain data. */
export async function loadResult(file: string, options: LoadOptionsWithRules): Promise<LoadResult> {
  const reading = new SourceReading(file, options.env ?? {});
  if (options.text === undefined) await reading.read();
  else {
    reading.take(options.text);
    await reading.readIncludes();
  }
  const load = new ConfigLoad(file, reading, options.rules);
  const { modes } = options;
  const config = load.check(typeof modes === 'function' ? await modes(load.pluginSettings) : modes);
  return load.result(await load.readReferences(config, options.filesInUse));
}
