import type { Sample } from './samples.ts';

/** One line of the result. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  readonly allowed: string;
  readonly passed: boolean;
}

/** Beyond what it was after warm-up. */
const RSS_TOLERANCE = 0.25;
/** Under load, where garbage counts too. */
const LOAD_RSS_TOLERANCE = 0.5;
const RSS_TOLERANCE_BYTES = 32 * 1024 * 1024;
const HEAP_TOLERANCE_BYTES = 12 * 1024 * 1024;
/** An event loop at rest is never later than this on a machine that does other things too. */
const REST_DELAY_MS = 50;

export interface Evidence {
  /** Before any traffic. */
  readonly before: Sample;
  /** Under load, in order. */
  readonly load: readonly Sample[];
  /** After warm-up, under load. */
  readonly warm: readonly Sample[];
  /** Since traffic stopped, in order. */
  readonly rest: readonly Sample[];
  /** Why the proxy is to be blamed: wrong bytes, log lines, exits. */
  readonly wrong: number;
  readonly faults: readonly string[];
  readonly exit: number | string;
}

/** Holds what is left against what there was. */
export function verdict({ before, load, warm, rest, wrong, faults, exit }: Evidence): Line[] {
  const last = rest.at(-1) ?? before;
  const warmRss = Math.max(...warm.map(({ residentBytes }) => residentBytes));
  const rssLimit = Math.max(warmRss * (1 + RSS_TOLERANCE), warmRss + RSS_TOLERANCE_BYTES);
  const warmHeap = Math.min(...warm.map(({ heapBytes }) => heapBytes));
  const restHeap = Math.min(...rest.map(({ heapBytes }) => heapBytes));
  const loadRss = Math.max(...load.map(({ residentBytes }) => residentBytes));
  const zero = (what: string, measured: number): Line => ({
    what,
    measured: String(measured),
    allowed: '0',
    passed: measured === 0,
  });
  const atMost = (what: string, measured: number, allowed: number, unit: string): Line => ({
    what,
    measured: `${measured.toFixed(0)} ${unit}`,
    allowed: `≤ ${allowed.toFixed(0)} ${unit}`,
    passed: measured <= allowed,
  });
  const mib = (bytes: number): number => bytes / 1024 / 1024;
  return [
    { what: 'samples at rest', measured: String(rest.length), allowed: '≥ 1', passed: rest.length > 0 },
    zero('visits that went wrong', wrong),
    zero('complaints of the proxy', faults.length),
    zero('requests in flight', last.inFlight),
    zero('leased sockets', last.leased),
    zero('idle sockets in pools', last.idle),
    zero('sockets to backends', last.backendSockets),
    zero('tunnels', last.tunnels),
    atMost('other file descriptors', last.fds, before.fds + 2, ''),
    atMost('RSS under load, highest', mib(loadRss), mib(warmRss * (1 + LOAD_RSS_TOLERANCE)), 'MiB'),
    atMost('RSS at rest', mib(last.residentBytes), mib(rssLimit), 'MiB'),
    atMost(
      'old space of the heap at rest, lowest',
      mib(restHeap),
      mib(warmHeap + HEAP_TOLERANCE_BYTES),
      'MiB',
    ),
    atMost('event-loop delay at rest', last.loopDelayMs, before.loopDelayMs + REST_DELAY_MS, 'ms'),
    { what: 'exit code', measured: String(exit), allowed: '0', passed: exit === 0 },
  ];
}
