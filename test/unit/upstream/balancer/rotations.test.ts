import { describe, expect, it } from 'vitest';
import { LeastConnections } from '../../../../src/upstream/balancer/least-connections.ts';
import { PowerOfTwo } from '../../../../src/upstream/balancer/power-of-two.ts';
import { RoundRobin } from '../../../../src/upstream/balancer/round-robin.ts';
import { WeightedLeastConnections } from '../../../../src/upstream/balancer/weighted-least-connections.ts';
import { WeightedRoundRobin } from '../../../../src/upstream/balancer/weighted-round-robin.ts';
import type { Balancer } from '../../../../src/upstream/balancer/balancer.ts';
import {
  context,
  fakeCandidates,
  seededChance,
  type FakeCandidate,
} from '../../../contract/balancer/fake-candidates.ts';

function letters(balancer: Balancer<FakeCandidate>, candidates: FakeCandidate[], picks: number): string {
  let text = '';
  for (let at = 0; at < picks; at++) text += 'abcdef'.charAt(candidates.indexOf(balancer.pick(context())!));
  return text;
}

function holdLeases(balancer: Balancer<FakeCandidate>, leases: number): void {
  for (let at = 0; at < leases; at++) balancer.pick(context())!.active++;
}

describe('round-robin', () => {
  it('goes in the order of the config, from the first on', () => {
    const candidates = fakeCandidates([1, 9, 1]);
    expect(letters(new RoundRobin(candidates), candidates, 7)).toBe('abcabca');
  });

  it('does not give the share of a candidate that is down to its neighbour', () => {
    const candidates = fakeCandidates([1, 1, 1, 1]);
    candidates[1]!.available = false;
    expect(letters(new RoundRobin(candidates), candidates, 9)).toBe('acdacdacd');
  });
});

describe('least-connections', () => {
  it('takes the emptiest', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    candidates[0]!.active = 2;
    candidates[1]!.active = 1;
    candidates[2]!.active = 3;
    expect(letters(new LeastConnections(candidates), candidates, 3)).toBe('bbb');
  });

  it('lets those that are even take turns', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    for (const candidate of candidates) candidate.active = 4;
    expect(letters(new LeastConnections(candidates), candidates, 6)).toBe('abcabc');
    candidates[1]!.active = 5;
    expect(letters(new LeastConnections(candidates), candidates, 4)).toBe('acac');
  });

  it('keeps held leases even', () => {
    const candidates = fakeCandidates([1, 5, 1, 1]);
    holdLeases(new LeastConnections(candidates), 103);
    expect(candidates.map(({ active }) => active).sort()).toEqual([25, 26, 26, 26]);
  });
});

describe('weighted-least-connections', () => {
  it('takes the one with the fewest leases for its weight', () => {
    const candidates = fakeCandidates([1, 10, 3]);
    candidates[0]!.active = 1;
    candidates[1]!.active = 9;
    candidates[2]!.active = 3;
    expect(letters(new WeightedLeastConnections(candidates), candidates, 3)).toBe('bbb');
  });

  it('keeps held leases in proportion to the weights', () => {
    const candidates = fakeCandidates([1, 2, 5]);
    holdLeases(new WeightedLeastConnections(candidates), 800);
    expect(candidates.map(({ active }) => active)).toEqual([100, 200, 500]);
  });

  it('lets idle candidates take turns by weight', () => {
    const candidates = fakeCandidates([5, 1, 1]);
    expect(letters(new WeightedLeastConnections(candidates), candidates, 7)).toBe('aabacaa');
  });
});

describe('a balancer that resumes another', () => {
  it.each([
    ['round-robin', RoundRobin],
    ['least-connections', LeastConnections],
  ])('of %s goes on with the one that was due, or with the next that stayed', (_, Turns) => {
    const candidates = fakeCandidates([1, 1, 1, 1]);
    const before = new Turns(candidates);
    expect(letters(before, candidates, 1)).toBe('a');
    const same = new Turns(candidates);
    same.resume(before);
    expect(letters(same, candidates, 4)).toBe('bcda');
    const fewer = new Turns(candidates.slice(2));
    fewer.resume(before);
    expect(letters(fewer, candidates, 3)).toBe('cdc');
  });

  it.each([
    ['weighted-round-robin', WeightedRoundRobin],
    ['weighted-least-connections', WeightedLeastConnections],
  ])('of %s keeps what each has earned', (_, Turns) => {
    const candidates = fakeCandidates([5, 1, 1]);
    const before = new Turns(candidates);
    expect(letters(before, candidates, 3)).toBe('aab');
    const after = new Turns(candidates);
    after.resume(before);
    expect(letters(after, candidates, 4)).toBe('acaa');
  });
});

describe('power-of-two', () => {
  it('never takes the fullest of all', () => {
    const candidates = fakeCandidates([1, 1, 1, 1]);
    candidates[2]!.active = 1;
    const balancer = new PowerOfTwo(candidates, seededChance(3));
    expect(letters(balancer, candidates, 1000)).not.toContain('c');
  });

  it('always looks at two different candidates', () => {
    const candidates = fakeCandidates([1, 1]);
    candidates[0]!.active = 1;
    const balancer = new PowerOfTwo(candidates, seededChance(3));
    expect(letters(balancer, candidates, 200)).toBe('b'.repeat(200));
  });

  it('keeps held leases nearly even, far closer than chance alone would', () => {
    const candidates = fakeCandidates(new Array(20).fill(1));
    holdLeases(new PowerOfTwo(candidates, seededChance(3)), 2000);
    const loads = candidates.map(({ active }) => active);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(10);
  });

  it('weighs the leases of a candidate against its weight', () => {
    const candidates = fakeCandidates([1, 4]);
    holdLeases(new PowerOfTwo(candidates, seededChance(3)), 1000);
    expect(Math.abs(candidates[0]!.active - 200)).toBeLessThan(5);
  });
});
