import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { pinned } from './cores.ts';
import { measure, type RunningPeer } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Scenario } from './scenarios.ts';
import { medianOf, tableText } from './table.ts';

const NEWCOMERS = 200;
/** The busy connections are all there, and served at their pace, before the newcomers come. */
const SETTLE_MS = 2_000;
/** The longest that a wave of newcomers is given; the busy connections go on for as long. */
const LIMIT_SECONDS = 4;

/** One wave of newcomers: how long they waited, in ms. */
interface Wave {
  readonly p50: number;
  readonly p95: number;
  readonly longest: number;
  readonly unanswered: number;
}

/** Measures how long clients wait that come all at once while other connections keep the proxy busy. */
export async function measureNewcomers(
  bench: Bench,
  running: readonly RunningPeer[],
  references: readonly string[],
  scenario: Scenario,
  { rounds }: BenchOptions,
): Promise<string> {
  const results = running.map((peer) => ({ peer, waves: new Array<Wave>() }));
  for (let round = 1; round <= rounds; round++) {
    for (const { peer, waves } of results) {
      const wave = await measureWave(bench, peer, scenario);
      waves.push(wave);
      process.stderr.write(
        `${scenario.name} ${round}/${rounds} ${peer.name}: p95 ${wave.p95.toFixed(0)} ms, longest ${wave.longest.toFixed(0)} ms\n`,
      );
    }
  }
  const rows = results.map(({ peer: { name }, waves }) => {
    const unanswered = waves.reduce((sum, wave) => sum + wave.unanswered, 0);
    const median = (field: keyof Wave): string => medianOf(waves.map((wave) => wave[field])).toFixed(0);
    return [
      unanswered === 0 ? name : `${name} (${unanswered} without an answer!)`,
      median('p50'),
      median('p95'),
      median('longest'),
      ...references.map((reference) => {
        const others = results.find(({ peer }) => peer.name === reference)?.waves;
        return others === undefined ? '–' : ratioOf(waves, others);
      }),
    ];
  });
  const head = ['proxy', 'p50 ms', 'p95 ms', 'longest ms', ...references.map((name) => `p95 ÷ ${name}`)];
  return tableText(head, rows);
}

async function measureWave(bench: Bench, peer: RunningPeer, scenario: Scenario): Promise<Wave> {
  const busy = measure(bench, peer, scenario, SETTLE_MS / 1_000 + LIMIT_SECONDS);
  await delay(SETTLE_MS);
  const program = fileURLToPath(new URL('newcomers-process.js', import.meta.url));
  const command = [process.execPath, program, String(peer.port), String(NEWCOMERS), scenario.path];
  const output = await bench.processes.output(pinned(bench.cores.load, command));
  await busy;
  const result = /^RESULT (.+)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`no result of the newcomers:\n${output}`);
  const waits = JSON.parse(result) as number[];
  const answered = waits.filter((waitMs) => waitMs >= 0).sort((a, b) => a - b);
  const at = (share: number): number =>
    answered[Math.min(answered.length - 1, Math.floor(answered.length * share))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), longest: at(1), unanswered: waits.length - answered.length };
}

/** The median of the ratios of neighbouring rounds. */
function ratioOf(waves: readonly Wave[], others: readonly Wave[]): string {
  return medianOf(waves.map(({ p95 }, round) => p95 / (others[round]?.p95 ?? NaN))).toFixed(2);
}
