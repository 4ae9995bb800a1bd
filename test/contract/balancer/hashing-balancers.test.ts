import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Algorithm } from '../../../src/config/values/algorithm.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import { balancerInSteps, createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { clientKeys, context, fakeCandidates, following, type FakeCandidate } from './fake-candidates.ts';

interface Theory {
  readonly algorithm: Algorithm;
  /** The largest part of all keys that may leave a candidate that stays, when the set of candidates is edited. */
  readonly strays: number;
  /** By how much the leaver's keys may differ from 1/N of all, relatively. */
  readonly tolerance: number;
}

const theories: readonly Theory[] = [
  { algorithm: 'consistent-hash', strays: 0, tolerance: 0.25 },
  { algorithm: 'bounded-consistent-hash', strays: 0, tolerance: 0.25 },
  { algorithm: 'maglev', strays: 0.02, tolerance: 0.08 },
];

const keys = clientKeys(20_000);

function neverByChance(): number {
  throw new Error('a key must not need chance');
}

function build(algorithm: Algorithm, candidates: readonly FakeCandidate[]): Balancer<FakeCandidate> {
  return following(createBalancer({ algorithm, load_factor: 1.25 }, candidates, neverByChance), candidates);
}

function pickAll(balancer: Balancer<FakeCandidate>): string[] {
  return keys.map((key) => balancer.pick(context(key))?.id ?? 'nobody');
}

describe.each(theories)('$algorithm', ({ algorithm, strays, tolerance }) => {
  it('gives a key the same candidate each time, in another instance too', () => {
    const candidates = fakeCandidates([1, 2, 3, 1, 1]);
    const balancer = build(algorithm, candidates);
    const first = pickAll(balancer);
    expect(pickAll(balancer)).toEqual(first);
    expect(pickAll(build(algorithm, candidates))).toEqual(first);
  });

  it.each([1, 65_535])('is made in many steps, beside a weight of %d too', (heaviest) => {
    const weights = Array.from({ length: 1_000 }, (_, at) => (at === 0 ? heaviest : 1));
    const steps = balancerInSteps({ algorithm, load_factor: 1.25 }, fakeCandidates(weights), neverByChance);
    let count = 0;
    while (steps.next().done !== true) count += 1;
    expect(count).toBeGreaterThan(10);
  });

  it('does not depend on the order of the candidates', () => {
    const candidates = fakeCandidates([1, 2, 3, 1, 1]);
    const sample = keys.slice(0, 200);
    const expected = sample.map((key) => build(algorithm, candidates).pick(context(key))?.id);
    fc.assert(
      fc.property(fc.shuffledSubarray(candidates, { minLength: candidates.length }), (shuffled) => {
        const balancer = build(algorithm, shuffled);
        expect(sample.map((key) => balancer.pick(context(key))?.id)).toEqual(expected);
      }),
      { numRuns: 8, seed: 7 },
    );
  }, 60_000);

  it('moves the keys of a candidate that is out, about 1/N, and no others; they return with it', () => {
    const candidates = fakeCandidates(new Array(10).fill(1));
    const balancer = build(algorithm, candidates);
    const before = pickAll(balancer);
    const out = candidates[4]!;
    out.available = false;
    const during = pickAll(balancer);
    const moved = before.filter((id, at) => id !== during[at]);
    expect(new Set(moved)).toEqual(new Set([out.id]));
    expect(during).not.toContain(out.id);
    expect(Math.abs(moved.length / (keys.length / 10) - 1)).toBeLessThan(tolerance);
    out.available = true;
    expect(pickAll(balancer)).toEqual(before);
  });

  it('spreads the keys of a candidate that is out over all the others', () => {
    const candidates = fakeCandidates(new Array(5).fill(1));
    const balancer = build(algorithm, candidates);
    const before = pickAll(balancer);
    candidates[2]!.available = false;
    const during = pickAll(balancer);
    const gained = new Map<string, number>();
    for (const [at, id] of during.entries()) {
      if (before[at] !== id) gained.set(id, (gained.get(id) ?? 0) + 1);
    }
    expect(gained.size).toBe(4);
    for (const count of gained.values()) expect(count).toBeGreaterThan(keys.length / 5 / 4 / 2);
  });

  it('moves hardly more than the keys of a candidate that is removed or added by an edit', () => {
    const candidates = fakeCandidates(new Array(10).fill(1));
    const removed = candidates[4]!;
    const withIt = pickAll(build(algorithm, candidates));
    const withoutIt = pickAll(
      build(
        algorithm,
        candidates.filter((candidate) => candidate !== removed),
      ),
    );
    const strayed = withIt.filter((id, at) => id !== removed.id && id !== withoutIt[at]);
    expect(strayed.length / keys.length).toBeLessThanOrEqual(strays);
    const leaving = withIt.filter((id) => id === removed.id);
    expect(Math.abs(leaving.length / (keys.length / 10) - 1)).toBeLessThan(tolerance);
  });

  it('tells short, similar and non-ASCII keys apart', () => {
    const candidates = fakeCandidates(new Array(4).fill(1));
    const balancer = build(algorithm, candidates);
    for (const alphabet of ['a', 'ä', '日', '/path/']) {
      const picked = Array.from({ length: 64 }, (_, at) => balancer.pick(context(`${alphabet}${at}`)));
      expect(new Set(picked).size).toBe(4);
    }
  });
});
