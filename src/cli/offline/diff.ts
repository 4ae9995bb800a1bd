import type { ChangeEffect, ConfigChange } from '../../config/diff/config-change.ts';
import { diffConfigs } from '../../config/diff/diff-configs.ts';
import { diffReferences } from '../../config/diff/diff-references.ts';
import type { CommandContext } from '../process/command-context.ts';
import type { DiffLine } from '../command-line/command-line.ts';
import { describeFailure, exitCode } from '../process/exit-code.ts';
import { loadFile } from './load-file.ts';

/** What `balance diff --json` prints. */
export interface DiffReport {
  readonly before: string;
  readonly after: string;
  readonly changes: readonly ConfigChange[];
}

/** The effects in the order in which they are shown: the strongest first. */
const EFFECTS: readonly ChangeEffect[] = ['refused', 'restart', 're-binds', 'drains', 'hot'];

/**
 * `balance diff A B`: shows what a proxy that runs A would do with B. Exits as diff(1) does: 0 when both mean the same, 1 when
 * something changes, 2 when one of them cannot be read or is wrong.
 */
export async function diff({ before, after, json }: DiffLine, context: CommandContext): Promise<number> {
  let changes: ConfigChange[];
  try {
    const old = await loadFile(before, context);
    const now = await loadFile(after, context, old.loaded);
    changes = [
      ...diffConfigs(old.loaded.config, now.loaded.config, { rulesOf: now.plugins.rulesOf }),
      ...diffReferences(old.loaded, now.loaded),
    ];
  } catch (thrown) {
    context.stderr.write(`${describeFailure(thrown)}\n`);
    return exitCode.usage;
  }
  const report: DiffReport = { before, after, changes };
  context.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : diffText(changes));
  return changes.length === 0 ? exitCode.ok : exitCode.failed;
}

function diffText(changes: readonly ConfigChange[]): string {
  if (changes.length === 0) return 'nothing changes\n';
  const width = Math.max(...EFFECTS.map((effect) => effect.length)) + 2;
  const lines = EFFECTS.flatMap((effect) =>
    changes
      .filter((change) => change.effect === effect)
      .map(({ summary, note }) => {
        const text = `${effect.padEnd(width)}${summary}\n`;
        return note === undefined ? text : `${text}${' '.repeat(width)}  ${note}\n`;
      }),
  );
  const refused = changes.some(({ effect }) => effect === 'refused');
  return lines.join('') + (refused ? 'A running proxy would refuse the whole edit.\n' : '');
}
