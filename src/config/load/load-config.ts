import { ConfigLoad } from './config-load.ts';
import { SourceReading } from '../files/read-sources.ts';
import type { LoadOptions, LoadResult, LoadedConfig } from './loaded-config.ts';
import { loadedConfig } from './loaded-config.ts';

export type { LoadOptions, LoadedConfig };

/**
 * Reads a config file with all that it includes, checks it completely and gives it in its normalized form.
 * Throws a ConfigError with all problems at once.
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<LoadedConfig> {
  return loadedConfig(await loadResult(file, options));
}

/** {@link loadConfig} as plain data. */
export async function loadResult(file: string, options: LoadOptions): Promise<LoadResult> {
  const reading = new SourceReading(file, options.env ?? {});
  if (options.text === undefined) await reading.read();
  else {
    reading.take(options.text);
    await reading.readIncludes();
  }
  const load = new ConfigLoad(file, reading);
  const { modes } = options;
  const config = load.check(typeof modes === 'function' ? await modes(load.pluginSettings) : modes);
  await load.readReferences(config);
  return load.result(config);
}

/** {@link loadConfig} for a text in one file, which stands alone: no other file is read. `file` is only for messages. */
export function loadConfigText(
  text: string,
  file: string,
  options: LoadOptions & { readonly modes: readonly string[] },
): LoadedConfig {
  const reading = new SourceReading(file, options.env ?? {});
  reading.take(text);
  reading.refuseIncludes();
  const load = new ConfigLoad(file, reading);
  return loadedConfig(load.result(load.check(options.modes)));
}
