import { ConfigError } from '../../../src/config/load/config-error.ts';
import { loadConfigText } from '../../support/labs/load-config.ts';
import { formatProblem } from '../../../src/config/problems/problem.ts';

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly modes?: readonly string[];
}

/** The lines of the error that a text gives, or none when it loads. */
export function problemsOf(
  text: string,
  { env = {}, modes = ['http', 'tcp', 'echo'] }: Surroundings = {},
): string[] {
  try {
    loadConfigText(text, 'x.yaml', { env, modes });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map(formatProblem);
  }
}

/** The lines of the warnings of a text that loads. */
export function warningsOf(text: string): string[] {
  return loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp', 'echo'] }).warnings.map(formatProblem);
}

/** Text without the indentation that it has in the test. */
export function yaml(parts: TemplateStringsArray, ...values: readonly string[]): string {
  const lines = String.raw(parts, ...values)
    .replace(/^\n/, '')
    .split('\n');
  const indentation = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length),
  );
  return lines.map((line) => line.slice(indentation)).join('\n');
}
