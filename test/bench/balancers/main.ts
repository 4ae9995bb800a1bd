import { performance } from 'node:perf_hooks';
import { ALGORITHMS, type Algorithm } from '../../../src/config/values/algorithm.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { BenchBackend } from './bench-backend.ts';

const SIZES = [10, 1_000];
/** Leases that run at a time. */
const IN_FLIGHT = 64;
const BATCH = 20_000;
const BATCHES = 15;

interface Scenario {
  readonly title: string;
  make(at: number): BenchBackend;
  /** How many backends each pick excludes, as a second or third try does. */
  readonly excluded: number;
}

const SCENARIOS: readonly Scenario[] = [
  { title: 'all up', make: (at) => new BenchBackend(at, 1), excluded: 0 },
  { title: 'weights', make: (at) => new BenchBackend(at, (at % 7) + 1), excluded: 0 },
  { title: 'half down', make: (at) => down(new BenchBackend(at, 1), at % 2 === 0), excluded: 0 },
  { title: 'one of ten up', make: (at) => down(new BenchBackend(at, 1), at % 10 !== 0), excluded: 0 },
  { title: 'limits', make: (at) => new BenchBackend(at, 1, at % 5 === 0 ? 100 : 1), excluded: 0 },
  { title: '2 excluded', make: (at) => new BenchBackend(at, 1), excluded: 2 },
];

function down(backend: BenchBackend, isDown: boolean): BenchBackend {
  backend.isDown = isDown;
  return backend;
}

/** Nanoseconds for a pick with the begin and the end of a lease: the median of the batches. */
function measure(algorithm: Algorithm, scenario: Scenario, size: number): number {
  const backends = Array.from({ length: size }, (_, at) => scenario.make(at));
  const balancer = createBalancer({ algorithm, load_factor: 1.25 }, backends);
  const running: (BenchBackend | undefined)[] = new Array<undefined>(IN_FLIGHT).fill(undefined);
  const keys = Array.from({ length: 4096 }, (_, at) => `10.0.${String(at >> 8)}.${String(at & 255)}`);
  const excluded = scenario.excluded === 0 ? undefined : new Set(backends.slice(0, scenario.excluded));
  let at = 0;
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const begun = performance.now();
    for (let done = 0; done < BATCH; done++) {
      const ended = running[at % IN_FLIGHT];
      if (ended !== undefined) {
        ended.active -= 1;
        balancer.changed(ended.at);
      }
      const picked = balancer.pick({ key: keys[at & 4095], exclude: excluded });
      if (picked !== undefined) picked.active += 1;
      running[at % IN_FLIGHT] = picked;
      at += 1;
    }
    times.push(((performance.now() - begun) * 1e6) / BATCH);
  }
  return times.sort((a, b) => a - b)[BATCHES >> 1] ?? 0;
}

process.stdout.write(`| algorithm | backends | ${SCENARIOS.map(({ title }) => title).join(' | ')} |\n`);
process.stdout.write(`| --- | ---: | ${SCENARIOS.map(() => '---:').join(' | ')} |\n`);
for (const algorithm of ALGORITHMS)
  for (const size of SIZES) {
    const cells = SCENARIOS.map((scenario) => measure(algorithm, scenario, size).toFixed(0));
    process.stdout.write(`| ${algorithm} | ${String(size)} | ${cells.join(' | ')} |\n`);
  }
