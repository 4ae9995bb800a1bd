import { ConfigError } from '../../config/load/config-error.ts';
import type { Config } from '../../config/schema/config.generated.ts';
import { lintConfig } from '../../config/lint/lint-config.ts';
import { formatProblem, sortProblems, type Problem } from '../../config/problems/problem.ts';
import { buildOffline } from '../../runtime/explain/offline-plan.ts';
import { BalanceError } from '../../errors.ts';
import type { CommandContext } from '../process/command-context.ts';
import type { ValidateLine } from '../command-line/command-line.ts';
import { exitCode } from '../process/exit-code.ts';
import { warningLogger, loadFile } from './load-file.ts';

/** What `balance validate --json` prints. */
export interface ValidateReport {
  readonly file: string;
  /** Whether a start or a reload would accept the file; with `--strict` also whether there are no warnings. */
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** How many of each the file has; absent when there are problems. */
  readonly counts?: { readonly listeners: number; readonly upstreams: number; readonly backends: number };
}

/**
 * `balance validate`: checks a config file as a start or a reload would. Problems are thrown as a `ConfigError`; with `--json` they
 * are part of the report instead.
 */
export async function validate(line: ValidateLine, context: CommandContext): Promise<number> {
  if (!line.json) return textReport(await checked(line, context), line, context);
  const report = await checked(line, context).catch((thrown: unknown) => {
    return {
      file: line.configFile,
      valid: false,
      problems: problemsOf(thrown, line.configFile),
      warnings: [],
    };
  });
  context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.valid ? exitCode.ok : exitCode.usage;
}

async function checked(
  { configFile, strict }: ValidateLine,
  context: CommandContext,
): Promise<ValidateReport> {
  const { loaded, plugins } = await loadFile(configFile, context);
  const plan = await buildOffline(loaded, plugins, warningLogger(context));
  plan.close();
  const warnings = strict
    ? sortProblems([...loaded.warnings, ...lintConfig(loaded, plugins.rulesOf)])
    : loaded.warnings;
  const valid = !strict || warnings.length === 0;
  return { file: configFile, valid, problems: [], warnings, counts: countsOf(loaded.config) };
}

/** A problem that shows only when the config is built belongs to no line of the file. */
function problemsOf(thrown: unknown, file: string): readonly Problem[] {
  if (thrown instanceof ConfigError) return thrown.problems;
  if (!(thrown instanceof BalanceError) || thrown.origin !== 'config') throw thrown;
  return [{ file, line: 0, column: 0, path: '', message: thrown.message }];
}

function textReport(
  { file, valid, warnings, counts }: ValidateReport,
  { strict }: ValidateLine,
  context: CommandContext,
): number {
  const word = strict ? 'error' : 'warning';
  for (const warning of warnings) context.stderr.write(`${word}: ${formatProblem(warning)}\n`);
  if (!valid) {
    context.stderr.write(`${file} is valid, but --strict takes no warnings\n`);
    return exitCode.usage;
  }
  const { listeners = 0, upstreams = 0, backends = 0 } = counts ?? {};
  const parts = [count(listeners, 'listener'), count(upstreams, 'upstream'), count(backends, 'backend')];
  context.stdout.write(`${file} is valid: ${parts.join(', ')}\n`);
  return exitCode.ok;
}

function countsOf({ listeners, upstreams }: Config): NonNullable<ValidateReport['counts']> {
  const backends = upstreams.reduce((sum, upstream) => sum + upstream.backends.length, 0);
  return { listeners: listeners.length, upstreams: upstreams.length, backends };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
