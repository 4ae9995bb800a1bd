import { ALGORITHMS } from '../../../src/config/values/algorithm.ts';
import { GROUP_SCENARIOS, GroupRun } from './group-run.ts';
import { PickRun } from './pick-run.ts';
import { PICK_SCENARIOS } from './pick-scenarios.ts';

const SIZES = [10, 100, 1_000, 10_000] as const;
const BATCH = 2_000;
const BATCHES = 15;
/** The goal: at 1,000 backends a pick costs so much more than at 10, at most. */
const MOST_NS = 1_000;

interface Run {
  batch(requests: number): number;
}

/** By size: nanoseconds for a request, the median of the batches. The sizes take turns, so that they share the noise of the machine. */
function measure(makeRun: (size: number) => Run): readonly number[] {
  const runs = SIZES.map(makeRun);
  const times = runs.map((): number[] => []);
  for (const run of runs) run.batch(BATCH);
  for (let batch = 0; batch < BATCHES; batch++)
    for (const [at, run] of runs.entries()) times[at]?.push(run.batch(BATCH));
  return times.map((each) => each.sort((a, b) => a - b)[BATCHES >> 1] ?? 0);
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(0) : cell)).join(' | ')} |\n`,
  );
}

/** The cost at 10 backends, and how much more it is with more of them. */
function printHead(title: string, columns: readonly string[]): void {
  print([title, 'backends', ...columns]);
  print(['---', '---:', ...columns.map(() => '---:')]);
}

function printRows(title: string, columns: readonly (readonly number[])[]): void {
  for (const [at, size] of SIZES.entries()) {
    const cells = columns.map((times) => {
      const base = times[0] ?? 0;
      const time = times[at] ?? 0;
      return at === 0 ? base.toFixed(0) : `${time < base ? '−' : '+'}${Math.abs(time - base).toFixed(0)}`;
    });
    print([at === 0 ? title : '', size.toLocaleString('en'), ...cells]);
  }
}

let mostNs = 0;
const noteMost = (times: readonly number[]): readonly number[] => {
  mostNs = Math.max(mostNs, (times[2] ?? 0) - (times[0] ?? 0));
  return times;
};

process.stdout.write('Nanoseconds for a request at 10 backends, and how many more with more of them.\n\n');
printHead(
  'balancer',
  PICK_SCENARIOS.map(({ title }) => title),
);
for (const algorithm of ALGORITHMS) {
  const columns = PICK_SCENARIOS.map((scenario) =>
    noteMost(measure((size) => new PickRun(algorithm, scenario, size))),
  );
  printRows(algorithm, columns);
}

process.stdout.write('\n');
printHead('upstream, least-connections', ['']);
for (const scenario of GROUP_SCENARIOS) {
  const runs: GroupRun[] = [];
  const times = measure((size) => {
    const run = new GroupRun(scenario, size);
    runs.push(run);
    return run;
  });
  printRows(scenario.title, [noteMost(times)]);
  for (const run of runs) run.close();
}

process.stdout.write(
  `\n1,000 backends cost at most ${mostNs.toFixed(0)} ns more than 10; the goal is ${String(MOST_NS)}.\n`,
);
if (mostNs > MOST_NS) process.exitCode = 1;
