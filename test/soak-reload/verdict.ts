import { ownFds, type SoakResult, type TimedSample } from './soak-run.ts';
import { quantile, type Stall } from './target/stall-log.ts';
import type { FaultKind } from './traffic/visit.ts';

/** One line of the result. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  readonly allowed: string;
  readonly passed: boolean;
}

const MIB = 1024 * 1024;
/** Beyond what it was after warm-up. */
const RSS_TOLERANCE = 0.2;
const RSS_TOLERANCE_BYTES = 24 * MIB;
/** Uncollected garbage varies by less than this from one window to the next; a leak over a thousand generations is more. */
const HEAP_TOLERANCE_BYTES = 20 * MIB;
/** Fewer edits are no proof. */
const LEAST_RATE = 10;
/** How long a reload may keep the event loop from everything else. */
export const STALL_BAR_MS = 50;
/** Listeners and the connections of clients come and go. */
const FD_TOLERANCE_UNDER_LOAD = 20;
/** Listeners that the last config has and the first had not. */
const FD_TOLERANCE_AT_REST = 8;
/** The part of the run after which code is compiled and pools are full. */
export const WARM_FROM = 0.25;
const WARM_TO = 0.5;
const END_FROM = 0.8;

export interface Outcome {
  readonly result: SoakResult;
  readonly faults: readonly string[];
  /** Facts about the proxy's own process; undefined when the proxy shares one with its clients. */
  readonly process: { readonly exit: number | string; readonly stalls: readonly Stall[] } | undefined;
}

/** Holds what was seen against what the proxy promises. */
export function verdict({ result, faults, process }: Outcome): Line[] {
  const { editor, loops } = result;
  const count = (kind: FaultKind): number => loops.reduce((sum, loop) => sum + loop.faults[kind], 0);
  const lines = [
    zero('failed requests', count('failed request')),
    zero('refused connects', count('refused connect')),
    zero('wrong answers', count('wrong answer')),
    zero('broken tunnels', count('broken tunnel')),
    zero('edits that were not taken as they should', editor.failures.length),
    zero('complaints of the proxy', faults.length),
    zero('draining generations at the end', result.after.at(-1)?.draining ?? -1),
  ];
  if (process === undefined) return lines;
  const last = result.load.at(-1);
  const rate = last === undefined ? 0 : last.edits / last.atSeconds;
  const worst = Math.max(0, ...process.stalls.map(({ busyMs }) => busyMs));
  return [
    ...lines,
    {
      what: 'edits a second',
      measured: rate.toFixed(1),
      allowed: `≥ ${LEAST_RATE}`,
      passed: rate >= LEAST_RATE,
    },
    ...resources(result),
    atMost('longest stall of the event loop after warm-up, its own work', worst, STALL_BAR_MS, 'ms'),
    exitLine(process.exit),
  ];
}

function resources({ before, load, after }: SoakResult): Line[] {
  const last = after.at(-1);
  const warm = windowOf(load, WARM_FROM, WARM_TO);
  const end = windowOf(load, END_FROM, 1);
  const warmRss = quantile(
    warm.map(({ residentBytes }) => residentBytes),
    0.5,
  );
  const endRss = quantile(
    end.map(({ residentBytes }) => residentBytes),
    0.5,
  );
  const least = (samples: readonly TimedSample[]): number =>
    samples.length === 0 ? 0 : Math.min(...samples.map(({ heapBytes }) => heapBytes));
  const fdsOf = (samples: readonly TimedSample[]): number => quantile(samples.map(ownFds), 0.5);
  const reloads = (samples: readonly TimedSample[]): string => `gen. ${samples[0]?.generation ?? 0}`;
  return [
    atMost(
      `RSS at the end, from ${reloads(end)} (after warm-up: ${(warmRss / MIB).toFixed(0)} MiB, from ${reloads(warm)})`,
      endRss / MIB,
      Math.max(warmRss * (1 + RSS_TOLERANCE), warmRss + RSS_TOLERANCE_BYTES) / MIB,
      'MiB',
    ),
    atMost(
      `least heap at the end (after warm-up: ${(least(warm) / MIB).toFixed(0)} MiB)`,
      least(end) / MIB,
      (least(warm) + HEAP_TOLERANCE_BYTES) / MIB,
      'MiB',
    ),
    atMost(
      `file descriptors without backends' at the end (after warm-up: ${fdsOf(warm)})`,
      fdsOf(end),
      fdsOf(warm) + FD_TOLERANCE_UNDER_LOAD,
      '',
    ),
    atMost(
      `file descriptors without backends' at rest (before traffic: ${ownFds(before)})`,
      last === undefined ? Infinity : ownFds(last),
      ownFds(before) + FD_TOLERANCE_AT_REST,
      '',
    ),
  ];
}

function windowOf(load: readonly TimedSample[], from: number, to: number): TimedSample[] {
  return load.slice(Math.floor(load.length * from), Math.max(1, Math.floor(load.length * to)));
}

function exitLine(exit: number | string): Line {
  return { what: 'exit code', measured: String(exit), allowed: '0', passed: exit === 0 };
}

function zero(what: string, measured: number): Line {
  return { what, measured: String(measured), allowed: '0', passed: measured === 0 };
}

export function atMost(what: string, measured: number, allowed: number, unit: string): Line {
  return {
    what,
    measured: `${measured.toFixed(0)} ${unit}`.trim(),
    allowed: `≤ ${allowed.toFixed(0)} ${unit}`.trim(),
    passed: measured <= allowed,
  };
}
