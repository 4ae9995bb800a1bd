import { importRules } from '../../config/load/import-rules.ts';
import { loadConfig, type LoadedConfig } from '../../config/load/load-config.ts';
import { filesInUse } from '../../config/load/loaded-config.ts';
import type { LogFields, Logger } from '../../plugin-api/index.ts';
import { PluginLoader } from '../../plugins/plugin-loader.ts';
import type { PluginSet } from '../../plugins/plugin-set.ts';
import { builtInRules } from '../../plugins/source/own-plugins.ts';
import type { CommandContext } from '../process/command-context.ts';

/**
 * Loads a config file and the plugins that it can use, and checks them as a start or a reload would. Problems are thrown as a
 * `ConfigError`.
 *
 * @param running what the proxy runs already, when the file would be an edit of it; without it the file is for a start
 */
export async function loadFile(
  file: string,
  context: CommandContext,
  running?: LoadedConfig,
): Promise<{ readonly loaded: LoadedConfig; readonly plugins: PluginSet }> {
  const plugins = await new PluginLoader(warningLogger(context)).loadFor(file, context.env);
  const rules = await importRules(builtInRules());
  const loaded = await loadConfig(file, {
    env: context.env,
    modes: plugins.names,
    rules,
    ...(running === undefined ? {} : { filesInUse: filesInUse(running) }),
  });
  return { loaded: plugins.check(loaded), plugins };
}

/** A logger that writes warnings and errors to stderr, such as those about plugins that cannot be used, and drops the rest. */
export function warningLogger({ stderr }: Pick<CommandContext, 'stderr'>): Logger {
  const warn = (message: string, fields?: LogFields): void => {
    stderr.write(`warning: ${message}: ${Object.values(fields ?? {}).join(': ')}\n`);
  };
  const quiet = (): void => undefined;
  const logger: Logger = {
    debugEnabled: false,
    debug: quiet,
    info: quiet,
    warn,
    error: warn,
    child: () => logger,
  };
  return logger;
}
