import { table } from '../../fuzz/report.ts';
import type { KillResult } from './kill-run.ts';
import type { KindTally } from './kill-traffic.ts';

/** One column a proxy. */
export function killTable(results: readonly KillResult[]): string {
  const row = (what: string, cell: (result: KillResult) => number | string): string[] => [
    what,
    ...results.map((result) => String(cell(result))),
  ];
  const kinds = results[0]?.tallies.map(({ kind }) => kind) ?? [];
  const of = (result: KillResult, name: string): KindTally | undefined =>
    result.tallies.find(({ kind }) => kind.name === name);
  return table([
    ['', ...results.map(({ name }) => name)],
    row('kills', ({ kills }) => kills),
    row('edits', ({ edits }) => edits),
    row('requests', ({ tallies }) => tallies.reduce((sum, { requests }) => sum + requests, 0)),
    ...kinds.map(({ name }) => row(`failed: ${name}`, (result) => of(result, name)?.failed ?? 0)),
    ...kinds
      .filter(({ isWholeAtOnce }) => !isWholeAtOnce)
      .map(({ name }) => row(`cut off visibly: ${name}`, (result) => of(result, name)?.count('cut') ?? 0)),
    row('slowest GET', (result) => `${String(Math.round(of(result, 'GET')?.quantileMs(1) ?? 0))} ms`),
  ]);
}

/** What failed, by kind of client and fate. */
export function failuresOf({ name, tallies }: KillResult): string[] {
  return tallies.flatMap(({ kind, fates }) =>
    [...fates]
      .filter(([fate]) => fate !== 'ok')
      .map(([fate, count]) => `${name}, ${kind.name}: ${String(count)} × ${fate}`),
  );
}

/** The requests that the proxy could have saved, and did not. */
export function failedOf({ tallies }: KillResult): number {
  return tallies.reduce((sum, { failed }) => sum + failed, 0);
}
