import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALGORITHMS,
  DRAWING_ALGORITHMS,
  TIMED_ALGORITHMS,
  UNWEIGHTED_ALGORITHMS,
  type Algorithm,
} from '../../../src/config/values/algorithm.ts';
import { resolveSchema } from '../../../src/config/schema/schema.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import {
  clientKeys,
  context,
  fakeCandidates,
  following,
  seededChance,
  type FakeCandidate,
} from './fake-candidates.ts';

/** By how much a candidate's part of 20,000 picks may differ from its share, and whether weights count. */
const spread: Readonly<Record<Algorithm, { readonly tolerance: number; readonly weighted: boolean }>> = {
  'round-robin': { tolerance: 0.001, weighted: false },
  'weighted-round-robin': { tolerance: 0.001, weighted: true },
  random: { tolerance: 0.08, weighted: true },
  'power-of-two': { tolerance: 0.08, weighted: true },
  'least-connections': { tolerance: 0.001, weighted: false },
  'weighted-least-connections': { tolerance: 0.001, weighted: true },
  'least-time': { tolerance: 0.001, weighted: true },
  'peak-ewma': { tolerance: 0.08, weighted: true },
  'consistent-hash': { tolerance: 0.25, weighted: true },
  'bounded-consistent-hash': { tolerance: 0.25, weighted: true },
  maglev: { tolerance: 0.08, weighted: true },
};

const names = Object.keys(spread) as Algorithm[];

function build(
  algorithm: Algorithm,
  candidates: readonly FakeCandidate[],
  seed = 1,
): Balancer<FakeCandidate> {
  return following(
    createBalancer({ algorithm, load_factor: 1.25 }, candidates, seededChance(seed)),
    candidates,
  );
}

/** Those that choose the best of idle candidates spread only leases that run. */
const SPREADS_HELD: ReadonlySet<Algorithm> = TIMED_ALGORITHMS;

function countPicks(
  algorithm: Algorithm,
  balancer: Balancer<FakeCandidate>,
  keys: readonly (string | undefined)[],
) {
  const counts = new Map<FakeCandidate | undefined, number>();
  for (const key of keys) {
    const picked = balancer.pick(context(key));
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
    if (picked !== undefined && SPREADS_HELD.has(algorithm)) picked.active += 1;
  }
  return counts;
}

function expectShares(
  algorithm: Algorithm,
  candidates: readonly FakeCandidate[],
  keys: readonly (string | undefined)[],
) {
  const { tolerance, weighted } = spread[algorithm];
  const counts = countPicks(algorithm, build(algorithm, candidates), keys);
  const usable = candidates.filter((candidate) => candidate.available && candidate.weight > 0);
  const shareOf = (candidate: FakeCandidate) => (weighted ? candidate.weight : 1);
  const whole = usable.reduce((sum, candidate) => sum + shareOf(candidate), 0);
  for (const candidate of usable) {
    const ideal = (keys.length * shareOf(candidate)) / whole;
    const picks = counts.get(candidate) ?? 0;
    expect(Math.abs(picks - ideal), `${candidate.id}: ${picks} picks, ideally ${ideal}`).toBeLessThanOrEqual(
      Math.max(1, ideal * tolerance),
    );
  }
}

it('covers all algorithms', () => {
  expect(names).toEqual(ALGORITHMS);
});

it('shares by weight with every algorithm but those that warnings and the reference name', () => {
  const unweighted = names.filter((name) => !spread[name].weighted);
  expect(unweighted).toEqual([...UNWEIGHTED_ALGORITHMS]);
  const { description } = resolveSchema({ $ref: '#/$defs/backendConfig/properties/weight' });
  const named = unweighted.map((name) => `\`${name}\``).join(' and ');
  expect(description).toContain(`for every algorithm but ${named}`);
});

describe.each(names)('%s', (algorithm) => {
  it('picks nobody among nobody', () => {
    expect(build(algorithm, []).pick(context('key'))).toBeUndefined();
    expect(build(algorithm, []).pick(context())).toBeUndefined();
  });

  it('always picks the only candidate there is', () => {
    const candidates = fakeCandidates([3]);
    const balancer = build(algorithm, candidates);
    for (const key of clientKeys(20)) expect(balancer.pick(context(key))).toBe(candidates[0]);
  });

  it('uses both of two candidates', () => {
    const candidates = fakeCandidates([1, 1]);
    expect(countPicks(algorithm, build(algorithm, candidates), clientKeys(1000)).size).toBe(2);
  });

  it('works with a thousand candidates', () => {
    const candidates = fakeCandidates(new Array(1000).fill(1));
    const balancer = build(algorithm, candidates);
    const counts = countPicks(algorithm, balancer, clientKeys(12_000));
    expect(counts.has(undefined)).toBe(false);
    expect(counts.size).toBeGreaterThan(950);
    for (const candidate of candidates) candidate.available = candidate === candidates[617];
    for (const key of clientKeys(50)) expect(balancer.pick(context(key))).toBe(candidates[617]);
  });

  it('spreads by weight', () => {
    expectShares(algorithm, fakeCandidates([1, 2, 3, 4]), clientKeys(20_000));
  });

  it('spreads requests without a key, or with an empty one, by weight too', () => {
    expectShares(algorithm, fakeCandidates([1, 2, 3, 4]), new Array(20_000).fill(undefined));
    expectShares(algorithm, fakeCandidates([1, 2, 3, 4]), new Array(20_000).fill(''));
  });

  it('keeps the shares of the others while one is unavailable', () => {
    const candidates = fakeCandidates([4, 2, 3, 1, 2]);
    candidates[0]!.available = false;
    expectShares(algorithm, candidates, clientKeys(20_000));
  });

  it('takes weights of any scale', () => {
    expectShares(algorithm, fakeCandidates([65_535, 32_768, 49_152]), clientKeys(20_000));
    expectShares(algorithm, fakeCandidates([0.1, 0.2, 0.3]), clientKeys(20_000));
  });

  it('gives nothing to weight 0', () => {
    const candidates = fakeCandidates([0, 1, 0, 2]);
    const counts = countPicks(algorithm, build(algorithm, candidates), [
      ...clientKeys(500),
      ...new Array<undefined>(500).fill(undefined),
    ]);
    expect(new Set(counts.keys())).toEqual(new Set([candidates[1], candidates[3]]));
    expect(build(algorithm, fakeCandidates([0, 0])).pick(context('key'))).toBeUndefined();
  });

  it('takes two candidates with the same id for two servers', () => {
    const twins = [...fakeCandidates([1]), ...fakeCandidates([1])];
    const counts = countPicks(algorithm, build(algorithm, twins), clientKeys(2000));
    for (const twin of twins) expect(counts.get(twin)).toBeGreaterThan(700);
  });

  it('never picks what was excluded, whatever the chance', () => {
    const candidates = fakeCandidates([1, 5, 2]);
    const [a, b, c] = candidates as [FakeCandidate, FakeCandidate, FakeCandidate];
    const balancer = build(algorithm, candidates);
    for (const key of clientKeys(100)) {
      expect(balancer.pick(context(key, [b]))).not.toBe(b);
      expect(balancer.pick(context(key, [a, b]))).toBe(c);
      expect(balancer.pick(context(key, [a, b, c]))).toBeUndefined();
    }
  });

  it('survives chances at both ends of their range', () => {
    const candidates = fakeCandidates([1, 2, 3]);
    for (const chance of [0, 1 - 2 ** -53]) {
      const balancer = createBalancer({ algorithm, load_factor: 1.25 }, candidates, () => chance);
      expect(balancer.pick(context())).toBeDefined();
      expect(balancer.pick(context(undefined, [candidates[0]!]))).toBeDefined();
    }
  });

  it('picks a usable candidate whenever there is one, while all changes around it', () => {
    const change = fc.record({
      flip: fc.nat({ max: 7 }),
      exclude: fc.option(fc.nat({ max: 7 }), { nil: undefined }),
      key: fc.option(fc.string(), { nil: undefined }),
      hold: fc.boolean(),
      release: fc.nat({ max: 7 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 20 }), { maxLength: 8 }),
        fc.array(change, { minLength: 1, maxLength: 60 }),
        fc.integer(),
        (weights, changes, seed) => {
          const candidates = fakeCandidates(weights);
          const balancer = build(algorithm, candidates, seed);
          for (const { flip, exclude, key, hold, release } of changes) {
            const flipped = candidates[flip];
            if (flipped !== undefined) flipped.available = !flipped.available;
            const released = candidates[release];
            if (released !== undefined && released.active > 0) released.active--;
            const excluded = exclude === undefined ? undefined : candidates[exclude];
            const usable = candidates.filter((one) => one.available && one.weight > 0 && one !== excluded);
            const picked = balancer.pick(context(key, excluded === undefined ? undefined : [excluded]));
            if (usable.length === 0) expect(picked).toBeUndefined();
            else expect(usable).toContain(picked);
            if (picked !== undefined && hold) picked.active++;
          }
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('foretells a pick without taking a turn, or says nothing', () => {
    const candidates = fakeCandidates([3, 1, 0, 2]);
    const balancer = build(algorithm, candidates);
    const untouched = build(algorithm, candidates);
    let foretold = 0;
    for (const [at, key] of [...clientKeys(60), undefined, ''].entries()) {
      candidates[at % 4]!.available = at % 5 !== 0;
      candidates[at % 4]!.active = at % 3;
      for (let asked = 0; asked < 2; asked++) {
        const next = balancer.peek?.(context(key));
        if (asked === 0) continue;
        const picked = balancer.pick(context(key));
        expect(untouched.pick(context(key))).toBe(picked);
        if (next === undefined) continue;
        foretold += 1;
        expect(next).toBe(picked);
      }
    }
    // Those of chance alone say nothing.
    if (!DRAWING_ALGORITHMS.has(algorithm)) expect(foretold).toBeGreaterThan(50);
  });

  it('spreads as before once all are available again', () => {
    const candidates = fakeCandidates([1, 2, 3]);
    const balancer = build(algorithm, candidates);
    const before = countPicks(algorithm, balancer, clientKeys(6000));
    for (const [at, key] of clientKeys(100).entries()) {
      candidates[at % 3]!.available = at % 2 === 0;
      balancer.pick(context(key));
    }
    for (const candidate of candidates) candidate.available = true;
    const after = countPicks(algorithm, balancer, clientKeys(6000));
    for (const candidate of candidates) {
      const ratio = (after.get(candidate) ?? 0) / (before.get(candidate) ?? 1);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.12);
    }
  });
});
