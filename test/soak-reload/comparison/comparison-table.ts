import { table } from '../../fuzz/report.ts';
import type { FaultKind } from '../traffic/visit.ts';
import type { CompareResult } from './compare-run.ts';

const HTTP = ['HTTP keep-alive', 'HTTP, a connection each'];

/** Faults of some kinds of clients. */
export function faultsOf(
  { loops }: CompareResult,
  kinds: readonly FaultKind[],
  clients?: readonly string[],
): number {
  return loops
    .filter(({ kind }) => clients === undefined || clients.includes(kind.name))
    .reduce((sum, { faults }) => sum + kinds.reduce((all, kind) => all + faults[kind], 0), 0);
}

/** All that a client notices. */
export function allFaultsOf(result: CompareResult): number {
  return faultsOf(result, ['failed request', 'refused connect', 'wrong answer', 'broken tunnel']);
}

/** One column a proxy. */
export function comparisonTable(results: readonly CompareResult[]): string {
  const row = (what: string, cell: (result: CompareResult) => number | string): string[] => [
    what,
    ...results.map((result) => String(cell(result))),
  ];
  const done = ({ loops }: CompareResult, clients: readonly string[]): number =>
    loops.filter(({ kind }) => clients.includes(kind.name)).reduce((sum, loop) => sum + loop.done, 0);
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  return table([
    ['', ...results.map(({ name }) => name)],
    row('reloads', ({ reloads }) => reloads),
    row('last one asked for again', ({ askedAgain }) => askedAgain),
    row('HTTP requests', (result) => done(result, HTTP)),
    row('failed, kept connections', (result) => faultsOf(result, ['failed request'], HTTP.slice(0, 1))),
    row('failed, a connection each', (result) => faultsOf(result, ['failed request'], HTTP.slice(1))),
    row('refused connects', (result) => faultsOf(result, ['refused connect'])),
    row('answers of a replaced config', (result) => faultsOf(result, ['wrong answer'])),
    row('broken WebSockets', (result) =>
      faultsOf(result, ['broken tunnel', 'failed request'], ['WebSockets']),
    ),
    row('broken tunnels', (result) => faultsOf(result, ['broken tunnel', 'failed request'], ['TCP tunnels'])),
    row('old workers under load', ({ underLoad }) => underLoad.oldWorkers),
    row('memory under load, MiB', ({ underLoad }) => mib(underLoad.memoryBytes)),
    row('old workers at rest', ({ atRest }) => atRest.oldWorkers),
    row('memory at rest, MiB', ({ atRest }) => mib(atRest.memoryBytes)),
  ]);
}
