import { loadConfig } from '../config/load-config.ts';
import { formatProblem } from '../config/problem.ts';
import type { LogFields, Logger } from '../plugin-api/index.ts';
import { PluginLoader } from '../plugins/plugin-loader.ts';
import type { CommandContext } from './command-context.ts';
import { exitCode } from './exit-code.ts';

/** `balance validate`: checks a config file as a start or a reload would. Problems are thrown as a config error. */
export async function validate(configFile: string, context: CommandContext): Promise<number> {
  const plugins = await new PluginLoader(complaints(context)).loadFor(configFile, context.env);
  const loaded = await loadConfig(configFile, { env: context.env, modes: plugins.names });
  plugins.check(loaded);
  const { config, warnings } = loaded;
  for (const warning of warnings) context.stderr.write(`warning: ${formatProblem(warning)}\n`);
  const backends = config.upstreams.reduce((sum, upstream) => sum + upstream.backends.length, 0);
  const parts = [
    count(config.listeners.length, 'listener'),
    count(config.upstreams.length, 'upstream'),
    count(backends, 'backend'),
  ];
  context.stdout.write(`${configFile} is valid: ${parts.join(', ')}\n`);
  return exitCode.ok;
}

/** Says which plugins can't be used, and nothing else. */
function complaints({ stderr }: CommandContext): Logger {
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

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
