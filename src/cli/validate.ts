import { loadConfig } from '../config/load-config.ts';
import { formatProblem } from '../config/problem.ts';
import type { CommandContext } from './command-context.ts';
import { exitCode } from './exit-code.ts';

/** The protocols that come along. */
const builtInModes = ['http', 'tcp'] as const;

/** `balance validate`: checks a config file as a start or a reload would. Problems are thrown as a config error. */
export async function validate(configFile: string, context: CommandContext): Promise<number> {
  const { config, warnings } = await loadConfig(configFile, { env: context.env, modes: builtInModes });
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

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
