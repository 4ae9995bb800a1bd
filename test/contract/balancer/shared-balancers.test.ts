import { describe, expect, it } from 'vitest';

import {
  ALGORITHMS,
  TIMED_ALGORITHMS,
  UNWEIGHTED_ALGORITHMS,
  type Algorithm,
} from '../../../src/config/values/algorithm.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { UpstreamShare } from '../../../src/upstream/sharing/upstream-share.ts';
import { sharedSlots } from '../../support/labs/shared-slots.ts';
import { clientKeys, context, fakeCandidates, seededChance, type FakeCandidate } from './fake-candidates.ts';

/** By how many picks of all workers together a candidate may be off from its share: for algorithms that take turns, one pick a worker. */
const TURNS: Partial<Readonly<Record<Algorithm, (workers: number) => number>>> = {
  'round-robin': () => 1,
  'weighted-round-robin': (workers) => workers,
  'least-connections': (workers) => workers,
  'weighted-least-connections': (workers) => workers,
};
const HASHES: readonly Algorithm[] = ['consistent-hash', 'bounded-consistent-hash', 'maglev'];

/** A balancer of each worker over the same candidates. */
function build(
  algorithm: Algorithm,
  workers: number,
  candidates: readonly FakeCandidate[],
): Balancer<FakeCandidate>[] {
  const { slots } = sharedSlots(workers, ['upstream']);
  return slots.map((own, worker) => {
    const { turns } = new UpstreamShare(own.open('upstream'), own);
    return createBalancer({ algorithm, load_factor: 1.25 }, candidates, seededChance(worker + 1), turns);
  });
}

describe.each(ALGORITHMS)('%s of several workers', (algorithm) => {
  it('gives each backend its share of the requests of all workers, however these are spread', () => {
    const weights = [1, 2, 3, 4];
    const candidates = fakeCandidates(weights);
    const workers = 3;
    const balancers = build(algorithm, workers, candidates);
    const allowed = TURNS[algorithm]?.(workers);
    const picks = 20_000;
    const keys = clientKeys(picks);
    const random = seededChance(9);
    const counts = new Map<FakeCandidate | undefined, number>();
    for (let pick = 0; pick < picks; pick++) {
      // Half of the requests come to the first worker.
      const worker = random() < 0.5 ? 0 : Math.floor(random() * workers);
      const picked = balancers[worker]!.pick(context(keys[pick]));
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
      if (picked !== undefined && TIMED_ALGORITHMS.has(algorithm)) picked.active += 1;
    }
    const isWeighted = !UNWEIGHTED_ALGORITHMS.has(algorithm);
    for (const [at, candidate] of candidates.entries()) {
      const share = isWeighted ? (picks * weights[at]!) / 10 : picks / 4;
      const off = Math.abs((counts.get(candidate) ?? 0) - share);
      expect(off).toBeLessThanOrEqual(allowed ?? share * 0.25);
    }
  });
});

describe('round-robin of several workers', () => {
  it('takes turns over all workers, the first of which is the first backend where chance says so', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    const balancers = build('round-robin', 2, candidates);
    const picked = [0, 1, 1, 0, 1, 0].map((worker) => {
      expect(balancers[worker]!.peek?.(context())).toBe(balancers[1 - worker]!.peek?.(context()));
      return candidates.indexOf(balancers[worker]!.pick(context())!);
    });
    expect(picked).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('does not give the neighbour of a backend that is down two turns in a round', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    const balancers = build('round-robin', 2, candidates);
    candidates[1]!.available = false;
    const picked = [0, 1, 0, 1].map((worker) => candidates.indexOf(balancers[worker]!.pick(context())!));
    expect(picked).toEqual([0, 2, 0, 2]);
    for (const candidate of candidates) candidate.available = false;
    expect(balancers[0]!.pick(context())).toBeUndefined();
  });

  it('goes on after an edit of which another worker does not know yet', () => {
    const { slots } = sharedSlots(2, ['upstream']);
    const before = fakeCandidates([1, 1, 1]);
    const after = fakeCandidates([1, 1]);
    const [one, other] = slots.map((own, worker) =>
      createBalancer(
        { algorithm: 'round-robin', load_factor: 1.25 },
        worker === 0 ? after : before,
        Math.random,
        new UpstreamShare(own.open('upstream'), own).turns,
      ),
    );
    for (let pick = 0; pick < 30; pick++) {
      expect(before).toContain(other!.pick(context()));
      expect(after).toContain(one!.pick(context()));
    }
  });
});

it.each(HASHES)('%s gives a key the same backend in each worker', (algorithm) => {
  const [one, other] = build(algorithm, 2, fakeCandidates([1, 2, 3]));
  for (const key of clientKeys(200)) expect(one!.pick(context(key))).toBe(other!.pick(context(key)));
});
