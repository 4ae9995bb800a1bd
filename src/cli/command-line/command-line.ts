import { parseArgs } from 'node:util';
import { closest, suggestion } from '../../config/problems/closest.ts';
import { parseDurationMs } from '../../config/values/units.ts';
import { messageOf } from '../../errors.ts';
import { readBackends, type BackendsLine } from './backends-line.ts';
import { readDevCert, type DevCertLine, type DevCertOptions } from './dev-cert-line.ts';
import { readQuestion, type ExplainLine } from './explain-line.ts';

/** What the arguments after `balance` ask for. */
export type CommandLine =
  | { readonly command: 'run'; readonly configFile: string }
  | ValidateLine
  | DiffLine
  | ExplainLine
  | DevCertLine
  | BackendsLine
  | { readonly command: 'demo' | 'health' | 'help' | 'version' }
  /** `timeoutMs`: undefined when the config says how long it may take. */
  | { readonly command: 'upgrade'; readonly timeoutMs: number | undefined }
  /** `logs` has its own options, see `logs/logs-options.ts`. */
  | { readonly command: 'logs'; readonly args: readonly string[] }
  /** The arguments make no sense; `message` says why, and what was probably meant. */
  | { readonly command: 'mistake'; readonly message: string };

export interface ValidateLine {
  readonly command: 'validate';
  readonly configFile: string;
  /** Check more, and treat warnings as errors. */
  readonly strict: boolean;
  readonly json: boolean;
}

export interface DiffLine {
  readonly command: 'diff';
  /** Config files. */
  readonly before: string;
  readonly after: string;
  readonly json: boolean;
}

/** Relative to the working directory, like every path that a user types. */
export const DEFAULT_CONFIG_FILE = 'config/balance.yaml';

const options = {
  config: { type: 'string', short: 'c' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
  header: { type: 'string', short: 'H', multiple: true },
  from: { type: 'string' },
  listener: { type: 'string' },
  folder: { type: 'string' },
  client: { type: 'boolean' },
  rsa: { type: 'boolean' },
  days: { type: 'string' },
  force: { type: 'boolean' },
  timeout: { type: 'string' },
  reason: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type OptionName = keyof typeof options;

/** The options of each command, beside those that all commands have. */
const commands = {
  run: ['config'],
  validate: ['config', 'strict', 'json'],
  diff: ['json'],
  explain: ['config', 'header', 'from', 'listener', 'json'],
  'dev-cert': ['folder', 'client', 'rsa', 'days', 'force'],
  demo: [],
  health: [],
  upgrade: ['timeout'],
  backends: ['config', 'reason', 'json'],
  logs: [],
  help: [],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;
const ofAll: readonly OptionName[] = ['help', 'version'];

/** What kind of value an option needs, for the message about a missing one. */
const VALUE_WORDS: Readonly<Record<string, string>> = {
  config: 'a file',
  header: "a header such as 'Name: value'",
  from: 'an IP address',
  listener: 'the name of a listener',
  folder: 'a folder',
  days: 'a number of days',
  timeout: 'a duration such as 60s',
  reason: 'some words',
};

/** The values of the options that were given. */
interface OptionValues extends DevCertOptions {
  readonly config?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly header?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly listener?: string | undefined;
  readonly timeout?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * Reads the command line.
 *
 * @param args the words after the program's name
 * @param env `BALANCE_CONFIG` names the config file when `--config` does not
 */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  if (args[0] === 'logs') return { command: 'logs', args: args.slice(1) };
  // Not strict: the messages of `parseArgs` explain its own conventions, ours name what was probably meant.
  const { values, positionals, tokens } = parseArgs({
    args: args.map(withTwoDashes),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const used = tokens.filter((token) => token.kind === 'option');
  for (const { name, rawName, value } of used) {
    const known = Object.hasOwn(options, name) ? options[name as OptionName] : undefined;
    if (known === undefined) return mistake(unknownOption(rawName));
    if (known.type === 'boolean' && value !== undefined) return mistake(`${rawName} takes no value`);
    if (known.type === 'string' && (value === undefined || value === ''))
      return mistake(`--${name} needs ${VALUE_WORDS[name] ?? 'a value'}`);
  }
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };

  // `balance --config FILE` without a command runs the proxy.
  const [word = values.config === undefined ? undefined : 'run', ...rest] = positionals;
  if (word === undefined) return mistake('no command given');
  const command = Object.keys(commands).find((known) => known === word) as keyof typeof commands | undefined;
  if (command === undefined) {
    const hint = /[./]/.test(word)
      ? `; did you mean --config ${word}?`
      : suggestion(word, Object.keys(commands));
    return mistake(`unknown command '${word}'${hint}`);
  }
  const taken: readonly string[] = [...commands[command], ...ofAll];
  const foreign = used.find(({ name }) => !taken.includes(name));
  if (foreign !== undefined) return mistake(foreignOption(command, foreign.name as OptionName));
  // The loop above checked every value.
  return lineOf(command, rest, values as OptionValues, env);
}

/** Accepts `-config FILE` with one dash, as programs in Go do. Without this it would mean `-c` with the file `onfig`. */
function withTwoDashes(arg: string): string {
  return arg === '-config' || arg.startsWith('-config=') ? `-${arg}` : arg;
}

function lineOf(
  command: keyof typeof commands,
  rest: readonly string[],
  values: OptionValues,
  env: NodeJS.ProcessEnv,
): CommandLine {
  const configFile = values.config ?? (env['BALANCE_CONFIG'] || DEFAULT_CONFIG_FILE);
  const json = values.json === true;
  switch (command) {
    case 'help':
      return { command };
    case 'demo':
    case 'health':
      return rest.length === 0
        ? { command }
        : mistake(`${command} takes no arguments, got '${rest.join(' ')}'`);
    case 'upgrade':
      return upgradeLine(rest, values.timeout);
    case 'backends': {
      const question = readBackends(rest, values.reason);
      return typeof question === 'string' ? mistake(question) : { command, configFile, json, ...question };
    }
    case 'logs':
      return mistake('logs comes before its options');
    case 'diff':
      return diffLine(rest, json);
    case 'dev-cert': {
      const line = readDevCert(rest, values);
      return typeof line === 'string' ? mistake(line) : line;
    }
    case 'explain': {
      const question = readQuestion(rest, values);
      return typeof question === 'string' ? mistake(question) : { command, configFile, question, json };
    }
    case 'run':
    case 'validate':
      if (rest.length > 0)
        return mistake(`unexpected argument '${rest.join(' ')}'; did you mean --config ${rest[0] ?? ''}?`);
      return command === 'run'
        ? { command, configFile }
        : { command, configFile, strict: values.strict === true, json };
  }
}

function diffLine(files: readonly string[], json: boolean): CommandLine {
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined || more.length > 0) {
    return mistake(`diff needs two config files, the one that runs and the one to come, got ${files.length}`);
  }
  return { command: 'diff', before, after, json };
}

function upgradeLine(rest: readonly string[], timeout: string | undefined): CommandLine {
  if (rest.length > 0) return mistake(`upgrade takes no arguments, got '${rest.join(' ')}'`);
  try {
    const timeoutMs = timeout === undefined ? undefined : parseDurationMs(timeout);
    if (timeoutMs === 0) return mistake('--timeout must be more than 0');
    return { command: 'upgrade', timeoutMs };
  } catch (error) {
    return mistake(`--timeout ${messageOf(error)}`);
  }
}

function mistake(message: string): CommandLine {
  return { command: 'mistake', message };
}

function unknownOption(rawName: string): string {
  const near = closest(rawName, Object.keys(options));
  return `unknown option '${rawName}'${near === undefined ? '' : `; did you mean --${near}?`}`;
}

function foreignOption(command: string, option: OptionName): string {
  if (command === 'demo') return `demo takes no --${option}: it shows the config that comes along`;
  if (command === 'diff' && option === 'config') return 'diff takes no --config: name both files behind it';
  const owners = Object.entries(commands).filter(([, taken]) =>
    (taken as readonly string[]).includes(option),
  );
  const words = owners.map(([owner]) => owner).join(', ');
  return `${command} takes no --${option}, ${words} ${owners.length === 1 ? 'does' : 'do'}`;
}
