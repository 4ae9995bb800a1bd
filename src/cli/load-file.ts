import { loadConfig, type LoadedConfig } from '../config/load/load-config.ts';
import type { LogFields, Logger } from '../plugin-api/index.ts';
import { PluginLoader } from '../plugins/plugin-loader.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import type { CommandContext } from './command-context.ts';

/** A config file with the plugins that it can use, checked as a start or a reload would check it. Problems are thrown as a config error. */
export async function loadFile(
  file: string,
  context: CommandContext,
): Promise<{ readonly loaded: LoadedConfig; readonly plugins: PluginSet }> {
  const plugins = await new PluginLoader(complaints(context)).loadFor(file, context.env);
  const loaded = await loadConfig(file, { env: context.env, modes: plugins.names });
  plugins.check(loaded);
  return { loaded, plugins };
}

/** Says which plugins can't be used, and nothing else. */
export function complaints({ stderr }: Pick<CommandContext, 'stderr'>): Logger {
  const complain = (message: string, fields?: LogFields): void => {
    stderr.write(`warning: ${message}: ${Object.values(fields ?? {}).join(': ')}\n`);
  };
  const quiet = (): void => undefined;
  const logger: Logger = {
    debugEnabled: false,
    debug: quiet,
    info: quiet,
    warn: complain,
    error: complain,
    child: () => logger,
  };
  return logger;
}
