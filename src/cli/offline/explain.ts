import { exitCode } from '../process/exit-code.ts';
import { explain as explainRequest } from '../../runtime/explain/explain.ts';
import { QuestionError } from '../../runtime/explain/explain-question.ts';
import { buildOffline } from '../../runtime/explain/offline-plan.ts';
import type { CommandContext } from '../process/command-context.ts';
import type { ExplainLine } from '../command-line/explain-line.ts';
import { explanationText } from './explanation-text.ts';
import { warningLogger, loadFile } from './load-file.ts';

/** `balance explain`: shows the way of a request through the proxy that a config file describes. */
export async function explain(line: ExplainLine, context: CommandContext): Promise<number> {
  const { loaded, plugins } = await loadFile(line.configFile, context);
  const plan = await buildOffline(loaded, plugins, warningLogger(context));
  try {
    const explanation = explainRequest(plan, line.question);
    context.stdout.write(
      line.json ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation),
    );
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    context.stderr.write(`balance: ${error.message}\n`);
    return exitCode.usage;
  } finally {
    plan.close();
  }
}
