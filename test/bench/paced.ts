import type { Bench } from './bench.ts';
import { measure, type Measurement, type RunningPeer } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Scenario } from './scenarios.ts';
import { medianOf, tableText } from './table.ts';

/** The peer whose peak sets the rate, and its share. */
const REFERENCE = 'nginx';
const SHARE = 0.7;

/** Measures delays at a rate that leaves room: a share of the reference's peak, measured just before. */
export async function measurePaced(
  bench: Bench,
  running: readonly RunningPeer[],
  scenario: Scenario,
  { seconds, rounds }: BenchOptions,
): Promise<string> {
  const reference = running.find(({ name }) => name === REFERENCE);
  if (reference === undefined) return `${REFERENCE} is missing: there is no rate to hold.`;
  const peak = await measure(bench, reference, { ...scenario, connections: 64 }, seconds);
  const rate = peak.requestsPerSecond * SHARE;
  const results = running.map((peer) => ({ peer, rounds: new Array<Measurement>() }));
  for (let round = 0; round < rounds; round++)
    for (const result of results)
      result.rounds.push(await measure(bench, result.peer, scenario, seconds, rate));
  const median = (name: string, field: keyof Measurement): number =>
    medianOf(results.find(({ peer }) => peer.name === name)?.rounds.map((round) => round[field]) ?? []);
  const rows = results.map(({ peer: { name } }) => [
    name,
    median(name, 'requestsPerSecond').toFixed(0),
    (median(name, 'p50Microseconds') / 1000).toFixed(2),
    (median(name, 'p99Microseconds') / 1000).toFixed(2),
    (median(name, 'p99Microseconds') / median(REFERENCE, 'p99Microseconds')).toFixed(2),
  ]);
  const head = ['proxy', `requests/s (wanted ${rate.toFixed(0)})`, 'p50 ms', 'p99 ms', `p99 ÷ ${REFERENCE}`];
  return tableText(head, rows);
}
