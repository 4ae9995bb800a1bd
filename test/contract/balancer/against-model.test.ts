import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALGORITHMS,
  DRAWING_ALGORITHMS,
  HASHING_ALGORITHMS,
  TIMED_ALGORITHMS,
  UNWEIGHTED_ALGORITHMS,
  type Algorithm,
} from '../../../src/config/values/algorithm.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { UpstreamShare } from '../../../src/upstream/sharing/upstream-share.ts';
import { sharedSlots } from '../../support/labs/shared-slots.ts';
import { eligible, OWN_ZONE, ZONE_MIN_UP } from './balancer-model.ts';
import { clientKeys, context, FakeCandidate, following, seededChance } from './fake-candidates.ts';

/** A backend of the config. */
const backend = fc.record({
  name: fc.nat({ max: 9 }).map((at) => `backend ${at}`),
  weight: fc.nat({ max: 4 }),
  priority: fc.nat({ max: 1 }),
  zone: fc.constantFrom(OWN_ZONE, 'there'),
});
type BackendOf = typeof backend extends fc.Arbitrary<infer B> ? B : never;

const list = fc.uniqueArray(backend, { minLength: 1, maxLength: 8, selector: ({ name }) => name });
const place = fc.nat({ max: 7 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flip' as const), place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fill' as const), place, isFull: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ramp' as const),
      place,
      factor: fc.constantFrom(0.1, 0.4, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit' as const), backends: list }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pick' as const),
      exclude: fc.option(place, { nil: undefined }),
      key: fc.option(fc.string({ maxLength: 4 }), { nil: undefined }),
      holds: fc.boolean(),
      worker: fc.nat({ max: 1 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Balancers of one or two workers, as the steps change their candidates. */
class Run {
  candidates: readonly FakeCandidate[] = [];
  #balancers: readonly Balancer<FakeCandidate>[] = [];
  readonly #algorithm: Algorithm;
  readonly #shares: readonly (UpstreamShare | undefined)[];
  /** Picks of each worker since one went down. */
  #sinceDown: number[] = [];

  constructor(algorithm: Algorithm, workers: number, backends: readonly BackendOf[]) {
    this.#algorithm = algorithm;
    this.#shares =
      workers === 1
        ? [undefined]
        : sharedSlots(workers, ['upstream']).slots.map((own) => new UpstreamShare(own.open('upstream'), own));
    this.#edit(backends);
  }

  do(next: Step): void {
    if (next.kind === 'edit') this.#edit(next.backends);
    else if (next.kind === 'pick') this.#pick(next);
    else this.#change(this.candidates[next.place], next);
  }

  /** All are up and idle, and have room. */
  calm(): void {
    for (const candidate of this.candidates) {
      candidate.factor = 1;
      candidate.isFull = false;
      candidate.available = true;
      candidate.active = 0;
    }
  }

  pick(worker: number, key: string | undefined, exclude: ReadonlySet<FakeCandidate>) {
    return this.#balancers[worker % this.#balancers.length]!.pick(context(key, exclude));
  }

  #edit(backends: readonly BackendOf[]): void {
    const before = new Map(this.candidates.map((candidate) => [candidate.id, candidate]));
    this.candidates = backends.map(({ name, weight, priority, zone }) => {
      const same = before.get(name);
      const isSame = same?.weight === weight && same.priority === priority && same.zone === zone;
      return isSame ? same : new FakeCandidate(name, weight, priority, zone);
    });
    const settings = { algorithm: this.#algorithm, load_factor: 1.25, zone: OWN_ZONE };
    const previous = this.#balancers;
    this.#balancers = this.#shares.map((share, worker) => {
      const made = createBalancer(
        { ...settings, zone_min_up: ZONE_MIN_UP * 100 },
        this.candidates,
        seededChance(worker),
        share?.turns,
      );
      const balancer = following(made, this.candidates);
      if (previous[worker] !== undefined) balancer.resume?.(previous[worker]);
      return balancer;
    });
    this.#sinceDown = this.#balancers.map(() => Number.POSITIVE_INFINITY);
  }

  #change(candidate: FakeCandidate | undefined, next: Exclude<Step, { kind: 'edit' | 'pick' }>): void {
    if (candidate === undefined) return;
    if (next.kind === 'fill') candidate.isFull = next.isFull;
    else if (next.kind === 'ramp') candidate.factor = next.factor;
    else if (next.kind === 'end') candidate.active = Math.max(0, candidate.active - 1);
    else {
      if (candidate.available) this.#sinceDown = this.#sinceDown.map(() => 0);
      candidate.available = !candidate.up;
    }
  }

  #pick({ exclude, key, holds, worker }: Extract<Step, { kind: 'pick' }>): void {
    const own = worker % this.#balancers.length;
    const excluded = new Set(this.candidates.slice(exclude ?? this.candidates.length).slice(0, 1));
    const { candidates, alsoBefore } = eligible(this.candidates, excluded);
    const picked = this.pick(own, key, excluded);
    // Who went down is known after as many picks as there are candidates.
    const knowsAll = (this.#sinceDown[own] ?? 0) >= this.candidates.length;
    this.#sinceDown[own] = (this.#sinceDown[own] ?? 0) + 1;
    if (candidates.length === 0) expect(picked).toBeUndefined();
    else expect(knowsAll ? candidates : [...candidates, ...alsoBefore]).toContain(picked);
    if (holds && picked !== undefined) picked.active += 1;
  }
}

/** By how many of its picks a candidate may be off from its share. */
function allowance(algorithm: Algorithm, share: number, workers: number): number {
  if (HASHING_ALGORITHMS.has(algorithm)) return 2 + share * 0.5 + 5 * Math.sqrt(share);
  if (DRAWING_ALGORITHMS.has(algorithm)) return 2 + 5 * Math.sqrt(share);
  // One turn that was left over, and one that is not over yet.
  return 2 * workers;
}

function expectFairShares(algorithm: Algorithm, run: Run, workers: number): void {
  const { candidates } = eligible(run.candidates, new Set());
  const isWeighted = !UNWEIGHTED_ALGORITHMS.has(algorithm);
  const whole = candidates.reduce((sum, { weight }) => sum + (isWeighted ? weight : 1), 0);
  const picks = 600;
  const counts = new Map<FakeCandidate | undefined, number>();
  for (const [at, key] of clientKeys(picks).entries()) {
    const picked = run.pick(at, key, new Set());
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
    // Those that choose the best of idle candidates spread only leases that run.
    if (picked !== undefined && TIMED_ALGORITHMS.has(algorithm)) picked.active += 1;
  }
  for (const candidate of candidates) {
    const share = (picks * (isWeighted ? candidate.weight : 1)) / whole;
    const off = Math.abs((counts.get(candidate) ?? 0) - share);
    expect(off, `${candidate.id} of weight ${candidate.weight}`).toBeLessThanOrEqual(
      allowance(algorithm, share, workers),
    );
  }
}

describe.each(ALGORITHMS)('%s, beside a model that looks at all candidates', (algorithm) => {
  it.each([1, 2])('picks whom the model allows, and is fair when all is calm (workers: %d)', (workers) => {
    fc.assert(
      fc.property(list, fc.array(step, { maxLength: 60 }), (backends, steps) => {
        const run = new Run(algorithm, workers, backends);
        for (const next of steps) run.do(next);
        run.calm();
        for (let pick = 0; pick < 2 * run.candidates.length; pick++) run.pick(pick, undefined, new Set());
        expectFairShares(algorithm, run, workers);
      }),
      { numRuns: 60, seed: 15 },
    );
  });
});
