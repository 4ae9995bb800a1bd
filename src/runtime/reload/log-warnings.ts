import type { Problem } from '../../config/problems/problem.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** Who has more of them needs a list, not a log. */
const MAX_LINES = 20;

/** Logs what a config hardly means the way it is written. */
export function logWarnings(warnings: readonly Problem[], logger: Logger): void {
  for (const { file, line, column, path, message } of warnings.slice(0, MAX_LINES)) {
    logger.warn('config warning', {
      at: `${file}:${String(line)}:${String(column)}`,
      path,
      warning: message,
    });
  }
  const more = warnings.length - MAX_LINES;
  if (more > 0) logger.warn('more config warnings: balance validate shows all', { more });
}
