import { DEFAULT_CONFIG_FILE, parseCommandLine, type CommandLine } from '../command-line.ts';
import type { ServeContext } from '../command-context.ts';
import type { EarlySignals } from './early-signals.ts';
import { describeFailure, exitCode, exitCodeOf } from '../exit-code.ts';
import { ConfigError } from '../../config/load/config-error.ts';
import { OpenFilesLimit } from '../../net/resources/open-files-limit.ts';
import { packageVersion } from '../../package-root.ts';
import { usage } from '../usage.ts';

/** Runs the command that the command line asks for, and ends the process with its exit code. */
export async function runProgram(earlySignals: EarlySignals): Promise<never> {
  const { env, stdout, stderr } = process;
  // A reader that went away (`balance validate | head -1`) is no reason to fail.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  const code = await codeOf({ env, stdout, stderr, process, earlySignals });
  await Promise.all([flushed(stdout), flushed(stderr)]);
  // A handle that a plugin or a library forgot must not keep the process alive.
  process.exit(code);
}

async function codeOf(context: ServeContext): Promise<number> {
  const hint = hintAtLimit();
  let line: CommandLine | undefined;
  try {
    line = parseCommandLine(process.argv.slice(2), context.env);
    if (line.command !== 'run' && line.command !== 'demo') context.earlySignals.release();
    return await execute(line, context);
  } catch (thrown) {
    context.stderr.write(`${describeFailure(thrown)}\n${hintAtDefault(line, thrown)}${hint}`);
    return exitCodeOf(thrown);
  }
}

/** Whoever named no file may not know which one is looked for. */
function hintAtDefault(line: CommandLine | undefined, thrown: unknown): string {
  if (line === undefined || !('configFile' in line) || line.configFile !== DEFAULT_CONFIG_FILE) return '';
  const isMissing = thrown instanceof ConfigError && thrown.problems[0]?.message === 'does not exist';
  return isMissing ? 'balance: that is the default; name your own file with --config FILE\n' : '';
}

/** With so few the runtime can't even load the proxy, and takes modules that it can't open for missing ones. */
const TOO_FEW_FILES = 256;

/** Asked for before it is needed: then no file can be opened any more. */
function hintAtLimit(): string {
  const limit = new OpenFilesLimit();
  limit.close();
  if (limit.value >= TOO_FEW_FILES) return '';
  return `balance: only ${String(limit.value)} files may be open at a time (ulimit -n), which may be the reason\n`;
}

// The commands are imported when they are asked for: `--help` and `--version` need none of the proxy.
async function execute(line: CommandLine, context: ServeContext): Promise<number> {
  switch (line.command) {
    case 'run':
      return (await import('./run.ts')).run(line.configFile, context);
    case 'validate':
      return (await import('../validate.ts')).validate(line, context);
    case 'diff':
      return (await import('../diff.ts')).diff(line, context);
    case 'explain':
      return (await import('../explain/explain.ts')).explain(line, context);
    case 'demo':
      return (await import('../demo/demo.ts')).demo(context);
    case 'health':
      return (await import('../health/health.ts')).health(context);
    case 'logs':
      return (await import('../logs/logs.ts')).logs(line.args, { ...context, stdin: process.stdin });
    case 'help':
      context.stdout.write(usage);
      return exitCode.ok;
    case 'version':
      context.stdout.write(`${packageVersion()}\n`);
      return exitCode.ok;
    case 'mistake':
      context.stderr.write(`balance: ${line.message}; see balance --help\n`);
      return exitCode.usage;
  }
}

/** Resolves when the stream handed everything to the operating system, or can't any more. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
