import { parseArgs } from 'node:util';

import { closest, suggestion } from '../../config/problems/closest.ts';
import type { FilterExpression } from '../../config/log-filter/filter-expression.ts';
import { parseFilter } from '../../config/log-filter/parse-filter.ts';
import { messageOf } from '../../errors.ts';
import { LOG_LEVELS, type LogLevel } from '../../telemetry/logs/format/log-line.ts';

/** The options of `balance logs`. */
export interface LogsOptions {
  /** The files in the order in which they are shown; `-` is the standard input. */
  readonly files: readonly string[];
  /** The least severe level that is shown. */
  readonly level: LogLevel | undefined;
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
  readonly filter: FilterExpression | undefined;
  /** Whether to wait for more at the end of the last file. */
  readonly follow: boolean;
}

export type LogsRequest = LogsOptions | { readonly help: true } | { readonly mistake: string };

const OPTIONS = {
  level: { type: 'string', short: 'l' },
  request: { type: 'string', short: 'r' },
  trace: { type: 'string', short: 't' },
  filter: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments after `balance logs`. */
export function parseLogsOptions(args: readonly string[]): LogsRequest {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.entries(OPTIONS).find(([name]) => name === token.name)?.[1];
    if (option === undefined) return { mistake: unknownOption(token.rawName) };
    if (option.type === 'boolean' && token.value !== undefined)
      return { mistake: `${token.rawName} takes no value` };
    if (option.type === 'string' && !token.value) return { mistake: `${token.rawName} needs a value` };
  }
  if (values.help === true) return { help: true };
  const text = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined;

  const givenLevel = text(values.level);
  const level = LOG_LEVELS.find((known) => known === givenLevel?.toLowerCase());
  if (givenLevel !== undefined && level === undefined) {
    const hint = suggestion(givenLevel, LOG_LEVELS);
    return { mistake: `--level must be one of ${LOG_LEVELS.join(', ')}${hint}` };
  }
  const files = positionals.length === 0 ? ['-'] : positionals;
  const follow = values.follow === true;
  if (follow && files.at(-1) === '-' && positionals.length > 0)
    return { mistake: '--follow needs a file; the standard input is followed anyway' };
  const givenFilter = text(values.filter);
  let filter;
  try {
    filter = givenFilter === undefined ? undefined : parseFilter(givenFilter, { anyField: true });
  } catch (error) {
    return { mistake: `--filter ${messageOf(error)}` };
  }
  return { files, level, requestId: text(values.request), traceId: text(values.trace), filter, follow };
}

function unknownOption(rawName: string): string {
  const near = closest(rawName, Object.keys(OPTIONS));
  return `unknown option '${rawName}' of logs${near === undefined ? '' : `; did you mean --${near}?`}`;
}
