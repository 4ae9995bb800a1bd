import { DEFAULT_CONFIG_FILE, parseCommandLine, type CommandLine } from './command-line/command-line.ts';
import type { EarlySignals, ServeContext } from './process/command-context.ts';
import { ProcessEnd } from './process/process-end.ts';
import { describeFailure, exitCode, exitCodeOf, ToldFailure } from './process/exit-code.ts';
import { ConfigError } from '../config/load/config-error.ts';
import { OpenFilesLimit } from '../net/resources/open-files-limit.ts';
import { packageVersion } from '../package-root.ts';
import { usage } from './command-line/usage.ts';

/** Runs the command that the command line asks for, and ends the process with its exit code. */
export async function runProgram(earlySignals: EarlySignals): Promise<void> {
  const { env, stdout, stderr } = process;
  const end = new ProcessEnd(process);
  // When the reader of our output goes away (`balance validate | head -1`), the command does not fail.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  const code = await codeOf({
    env,
    stdout,
    stderr,
    process,
    earlySignals,
    exit: (failed) => void end.exit(failed),
  });
  // Timers of plugins may still run. What they throw changes nothing of the end.
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => undefined);
  await Promise.all([flushed(stdout), flushed(stderr)]);
  // A handle that a plugin or a library forgot must not keep the process alive.
  await end.exit(code);
}

async function codeOf(context: ServeContext): Promise<number> {
  const hint = hintAtLimit();
  let line: CommandLine | undefined;
  try {
    line = parseCommandLine(process.argv.slice(2), context.env);
    if (line.command !== 'run' && line.command !== 'demo') context.earlySignals.restoreDefaults();
    return await execute(line, context);
  } catch (thrown) {
    if (!(thrown instanceof ToldFailure))
      context.stderr.write(`${describeFailure(thrown)}\n${hintAtDefault(line, thrown)}${hint}`);
    return exitCodeOf(thrown);
  }
}

/** Says which file was read when the user named none and it does not exist. */
function hintAtDefault(line: CommandLine | undefined, thrown: unknown): string {
  if (line === undefined || !('configFile' in line) || line.configFile !== DEFAULT_CONFIG_FILE) return '';
  const isMissing = thrown instanceof ConfigError && thrown.problems[0]?.message === 'does not exist';
  return isMissing ? 'balance: that is the default; name your own file with --config FILE\n' : '';
}

/** With fewer descriptors Node.js cannot load the proxy: it reports modules that it cannot open as missing. */
const TOO_FEW_FILES = 256;

/** Reads the limit before anything failed: afterwards no file can be opened any more. */
function hintAtLimit(): string {
  const limit = new OpenFilesLimit();
  limit.close();
  if (limit.value >= TOO_FEW_FILES) return '';
  return `balance: only ${String(limit.value)} files may be open at a time (ulimit -n), which may be the reason\n`;
}

// Each command is imported when it is asked for, so `--help` and `--version` load nothing of the proxy.
async function execute(line: CommandLine, context: ServeContext): Promise<number> {
  switch (line.command) {
    case 'run':
      return (await import('./run/run.ts')).run(line.configFile, context);
    case 'validate':
      return (await import('./offline/validate.ts')).validate(line, context);
    case 'diff':
      return (await import('./offline/diff.ts')).diff(line, context);
    case 'explain':
      return (await import('./offline/explain.ts')).explain(line, context);
    case 'dev-cert':
      return (await import('./dev-cert/dev-cert.ts')).devCert(line, context);
    case 'demo':
      return (await import('./demo/demo.ts')).demo(context);
    case 'health':
      return (await import('./health/health.ts')).health(context);
    case 'upgrade':
      return (await import('./upgrade/upgrade.ts')).upgrade(line, context);
    case 'backends':
      return (await import('./backends/backends.ts')).backends(line, context);
    case 'logs':
      return (await import('./logs/logs.ts')).logs(line.args, { ...context, stdin: process.stdin });
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

/** Resolves when the stream has handed everything to the operating system, or has failed. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
