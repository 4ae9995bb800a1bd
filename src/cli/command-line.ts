import { parseArgs } from 'node:util';
import { closest, suggestion } from '../config/closest.ts';

/** What the words after `balance` ask for. */
export type CommandLine =
  | { readonly command: 'run' | 'validate'; readonly configFile: string }
  | { readonly command: 'demo' | 'help' | 'version' }
  /** It has options of its own. */
  | { readonly command: 'logs'; readonly args: readonly string[] }
  /** They can't be understood; `message` says why and what was probably meant. */
  | { readonly command: 'mistake'; readonly message: string };

/** Relative to the working directory, like every path that a user types. */
const defaultConfigFile = 'config/balance.yaml';

const commands = ['run', 'validate', 'demo', 'logs', 'help'] as const;
const options = {
  config: { type: 'string', short: 'c' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/**
 * Reads the command line.
 *
 * @param args the words after the program's name
 * @param env `BALANCE_CONFIG` names the config file when `--config` does not
 */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  if (args[0] === 'logs') return { command: 'logs', args: args.slice(1) };
  // Not strict: the parser's own messages explain its conventions, ours name the likely intent.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(options, token.name)) return mistake(unknownOption(token.rawName));
    if (token.name !== 'config' && token.value !== undefined)
      return mistake(`${token.rawName} takes no value`);
  }
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };

  const [word, ...rest] = positionals;
  if (word === undefined) return mistake('no command given');
  const command = commands.find((known) => known === word);
  if (command === undefined) return mistake(`unknown command '${word}'${suggestion(word, commands)}`);
  if (command === 'help') return { command };
  if (command === 'logs') return mistake('logs comes before its options');
  if (command === 'demo') {
    if (values.config !== undefined)
      return mistake('demo takes no --config: it shows the config that comes along');
    return rest.length === 0 ? { command } : mistake(`demo takes no arguments, got '${rest.join(' ')}'`);
  }
  if (rest.length > 0)
    return mistake(`unexpected argument '${rest.join(' ')}'; did you mean --config ${rest[0] ?? ''}?`);
  if (values.config !== undefined && (typeof values.config !== 'string' || values.config === '')) {
    return mistake('--config needs a file');
  }
  return { command, configFile: values.config ?? (env['BALANCE_CONFIG'] || defaultConfigFile) };
}

function mistake(message: string): CommandLine {
  return { command: 'mistake', message };
}

function unknownOption(rawName: string): string {
  const near = closest(rawName, Object.keys(options));
  return `unknown option '${rawName}'${near === undefined ? '' : `; did you mean --${near}?`}`;
}
