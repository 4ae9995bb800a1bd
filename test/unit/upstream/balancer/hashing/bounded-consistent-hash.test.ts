import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedConsistentHash } from '../../../../../src/upstream/balancer/hashing/bounded-consistent-hash.ts';
import { HashRing } from '../../../../../src/upstream/balancer/hashing/hash-ring.ts';
import { finished } from '../../../../../src/upstream/balancer/contract/steps.ts';
import {
  clientKeys,
  context,
  fakeCandidates,
  following,
  seededChance,
  type FakeCandidate,
} from '../../../../contract/balancer/fake-candidates.ts';

function bounded(candidates: readonly FakeCandidate[], chance: () => number, loadFactor: number) {
  return following(
    new BoundedConsistentHash(finished(HashRing.of(candidates)), chance, loadFactor),
    candidates,
  );
}

it('never goes above the bound while leases are held and given back, however skewed the keys', () => {
  const step = fc.record({
    key: fc.oneof(fc.constant('hot'), fc.string({ maxLength: 3 })),
    release: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(1, 1.1, 1.25, 2),
      fc.array(step, { maxLength: 120 }),
      (weights, factor, steps) => {
        const candidates = fakeCandidates(weights);
        const balancer = bounded(candidates, seededChance(1), factor);
        const weight = weights.reduce((sum, one) => sum + one, 0);
        for (const { key, release } of steps) {
          const released = release === undefined ? undefined : candidates[release];
          if (released !== undefined && released.active > 0) released.active--;
          const active = candidates.reduce((sum, one) => sum + one.active, 0);
          const picked = balancer.pick(context(key))!;
          picked.active++;
          expect(picked.active).toBeLessThanOrEqual(
            Math.ceil((factor * (active + 1) * picked.weight) / weight),
          );
        }
      },
    ),
    { numRuns: 100, seed: 7 },
  );
});

it('spreads a single hot key over the candidates once it exceeds a share', () => {
  const candidates = fakeCandidates([1, 1, 1, 1]);
  const balancer = bounded(candidates, seededChance(1), 1.25);
  for (let leases = 0; leases < 400; leases++) balancer.pick(context('hot'))!.active++;
  const loads = candidates.map(({ active }) => active).sort((a, b) => a - b);
  expect(loads.at(-1)).toBe(125);
  expect(loads[0]).toBe(25);
});

it('sends a key home again when there is room', () => {
  const candidates = fakeCandidates([1, 1, 1]);
  const balancer = bounded(candidates, seededChance(1), 1.25);
  const home = balancer.pick(context('hot'))!;
  home.active = 10;
  expect(balancer.pick(context('hot'))).not.toBe(home);
  home.active = 0;
  expect(balancer.pick(context('hot'))).toBe(home);
});

it('counts the leases of usable candidates alone', () => {
  const candidates = fakeCandidates([1, 1, 1]);
  const balancer = bounded(candidates, seededChance(1), 1.25);
  const [down, ...others] = candidates;
  down!.available = false;
  down!.active = 1000;
  for (const key of clientKeys(40)) balancer.pick(context(key))!.active++;
  for (const { active } of others) expect(active).toBeLessThanOrEqual(Math.ceil((1.25 * 40) / 2));
});

it('bounds requests without a key too', () => {
  const candidates = fakeCandidates([1, 1]);
  const balancer = bounded(candidates, () => 0.5, 1);
  for (let leases = 0; leases < 100; leases++) balancer.pick(context())!.active++;
  expect(candidates.map(({ active }) => active)).toEqual([50, 50]);
});

it('refuses a load factor below 1', () => {
  for (const factor of [0.99, 0, -1, Number.NaN]) {
    expect(() => bounded([], Math.random, factor)).toThrow(RangeError);
  }
});
