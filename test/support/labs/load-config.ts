import httpRules from '../../../plugins/http/config/options-rules.ts';
import tcpRules from '../../../plugins/tcp/config/options-rules.ts';
import { ConfigLoad } from '../../../src/config/load/config-load.ts';
import * as load from '../../../src/config/load/load-config.ts';
import {
  loadedConfig,
  type LoadedConfig,
  type LoadOptions,
  type ProtocolRules,
} from '../../../src/config/load/loaded-config.ts';
import { SourceReading } from '../../../src/config/files/read-sources.ts';
import type { OptionsRules } from '../../../src/plugin-api/index.ts';

/** The rules of the protocols that come with the proxy. */
export const RULES: ProtocolRules = new Map([
  ['http', httpRules],
  ['tcp', tcpRules],
]);

export const rulesOf = (mode: string): OptionsRules | undefined => RULES.get(mode);

/** Loads a config file as the proxy does, with the rules of the protocols that come with it. */
export function loadConfig(file: string, options: LoadOptions): Promise<LoadedConfig> {
  return load.loadConfig(file, { ...options, rules: RULES });
}

/** The same for a text in one file, which stands alone: no other file is read. `file` is only for messages. */
export function loadConfigText(
  text: string,
  file: string,
  options: LoadOptions & { readonly modes: readonly string[] },
): LoadedConfig {
  const reading = new SourceReading(file, options.env ?? {});
  reading.take(text);
  const one = new ConfigLoad(file, reading, RULES);
  return loadedConfig(one.result(one.check(options.modes)));
}
