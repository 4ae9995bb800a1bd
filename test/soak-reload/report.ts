import { table } from '../fuzz/report.ts';
import { WAYS } from './edits/config-file.ts';
import type { SoakResult, TimedSample } from './soak-run.ts';
import { quantile, type Stall } from './target/stall-log.ts';
import type { Line } from './verdict.ts';

const MIB = 1024 * 1024;

export function sampleLine({
  atSeconds,
  edits,
  generation,
  draining,
  residentBytes,
  heapBytes,
  fds,
  backendConnections,
}: TimedSample): string {
  return [
    `${atSeconds.toFixed(0).padStart(5)} s`,
    `${edits} edits`,
    `generation ${generation}`,
    `${draining} draining`,
    `RSS ${(residentBytes / MIB).toFixed(0)} MiB`,
    `heap ${(heapBytes / MIB).toFixed(0)} MiB`,
    `${fds} fds`,
    `${backendConnections} to backends`,
  ].join(', ');
}

export function verdictTable(title: string, lines: readonly Line[]): string {
  const rows = lines.map(({ what, measured, allowed, passed }) => [
    what,
    measured,
    allowed,
    passed ? 'PASS' : 'FAIL',
  ]);
  return table([[title, 'measured', 'allowed', ''], ...rows]);
}

/** The amount of traffic, and its failures. */
export function trafficReport({ loops, editor, pluginEdits, heartbeatsMs }: SoakResult): string {
  const rows = loops.map(({ kind, done, faults }) => [
    kind.name,
    String(done),
    ...Object.values(faults).map(String),
  ]);
  const edits = WAYS.map((way) => {
    const took = editor.liveAfterMs.filter((one) => one.way === way).map(({ ms }) => ms);
    return [
      way,
      String(editor.byWay.get(way) ?? 0),
      String(took.length),
      took.length === 0 ? '' : `${quantile(took, 0.5).toFixed(0)} ms`,
      took.length === 0 ? '' : `${Math.max(...took).toFixed(0)} ms`,
    ];
  });
  return [
    table([['traffic', 'done', 'failed', 'refused', 'wrong', 'broken'], ...rows]),
    '',
    table([['edits by way', 'made', 'awaited', 'live after, half', 'all'], ...edits]),
    `${editor.valid} edits were valid, ${editor.invalid} were not; a plugin was edited ${pluginEdits} times`,
    `a request every 5 ms took ${quantile(heartbeatsMs, 0.5).toFixed(1)} ms (half), ${quantile(heartbeatsMs, 0.99).toFixed(1)} ms (99 %), ${Math.max(0, ...heartbeatsMs).toFixed(1)} ms (longest)`,
    ...loops.flatMap(({ shown }) => shown),
    ...editor.failures.slice(0, 10),
  ].join('\n');
}

/** How late the proxy's event loop was. */
export function stallReport(stalls: readonly Stall[]): string {
  const worst = stalls.toSorted((a, b) => b.busyMs - a.busyMs)[0];
  if (worst === undefined) return 'the event loop was never late';
  const over = (limit: number): number => stalls.filter(({ busyMs }) => busyMs > limit).length;
  return `the event loop was late at worst by ${worst.lateMs.toFixed(0)} ms, ${worst.busyMs.toFixed(0)} ms of them its own work; over 20 ms ${over(20)} times, over 50 ms ${over(50)} times`;
}
