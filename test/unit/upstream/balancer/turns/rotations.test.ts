import { describe, expect, it } from 'vitest';
import { LeastConnections } from '../../../../../src/upstream/balancer/turns/least-connections.ts';
import { PowerOfTwo } from '../../../../../src/upstream/balancer/chance/power-of-two.ts';
import { RoundRobin } from '../../../../../src/upstream/balancer/turns/round-robin.ts';
import { WeightedLeastConnections } from '../../../../../src/upstream/balancer/turns/weighted-least-connections.ts';
import { WeightedRoundRobin } from '../../../../../src/upstream/balancer/turns/weighted-round-robin.ts';
import type { Balancer } from '../../../../../src/upstream/balancer/contract/balancer.ts';
import {
  context,
  fakeCandidates,
  following,
  fromFirst,
  seededChance,
  type FakeCandidate,
} from '../../../../contract/balancer/fake-candidates.ts';

function letters(made: Balancer<FakeCandidate>, candidates: FakeCandidate[], picks: number): string {
  const balancer = following(made, candidates);
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
    expect(letters(new RoundRobin(candidates, fromFirst), candidates, 7)).toBe('abcabca');
  });

  it('begins anywhere, each place as likely as any other', () => {
    const candidates = fakeCandidates([1, 9, 1]);
    const begun = (chance: number): string =>
      letters(new RoundRobin(candidates, () => chance), candidates, 4);
    expect([0, 0.33, 0.34, 0.66, 0.67, 0.99].map(begun)).toEqual([
      'abca',
      'abca',
      'bcab',
      'bcab',
      'cabc',
      'cabc',
    ]);
  });

  it('does not give the share of a candidate that is down to its neighbour', () => {
    const candidates = fakeCandidates([1, 1, 1, 1]);
    candidates[1]!.available = false;
    expect(letters(new RoundRobin(candidates, fromFirst), candidates, 9)).toBe('acdacdacd');
  });
});

describe('least-connections', () => {
  it('takes the emptiest', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    candidates[0]!.active = 2;
    candidates[1]!.active = 1;
    candidates[2]!.active = 3;
    expect(letters(new LeastConnections(candidates, fromFirst), candidates, 3)).toBe('bbb');
  });

  it('lets those that are even take turns', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    for (const candidate of candidates) candidate.active = 4;
    expect(letters(new LeastConnections(candidates, fromFirst), candidates, 6)).toBe('abcabc');
    candidates[1]!.active = 5;
    expect(letters(new LeastConnections(candidates, fromFirst), candidates, 4)).toBe('acac');
  });

  it('begins anywhere while all are even', () => {
    const candidates = fakeCandidates([1, 1, 1]);
    expect(letters(new LeastConnections(candidates, () => 0.5), candidates, 4)).toBe('bcab');
  });

  it('keeps held leases even', () => {
    const candidates = fakeCandidates([1, 5, 1, 1]);
    holdLeases(new LeastConnections(candidates, fromFirst), 103);
    expect(candidates.map(({ active }) => active).sort()).toEqual([25, 26, 26, 26]);
  });
});

describe('weighted-least-connections', () => {
  it('takes the one with the fewest leases for its weight', () => {
    const candidates = fakeCandidates([1, 10, 3]);
    candidates[0]!.active = 1;
    candidates[1]!.active = 9;
    candidates[2]!.active = 3;
    expect(letters(new WeightedLeastConnections(candidates, fromFirst), candidates, 3)).toBe('bbb');
  });

  it('keeps held leases in proportion to the weights', () => {
    const candidates = fakeCandidates([1, 2, 5]);
    holdLeases(new WeightedLeastConnections(candidates, fromFirst), 800);
    expect(candidates.map(({ active }) => active)).toEqual([100, 200, 500]);
  });

  it('lets idle candidates take turns by weight', () => {
    const candidates = fakeCandidates([5, 1, 1]);
    expect(letters(new WeightedLeastConnections(candidates, fromFirst), candidates, 7)).toBe('abaaaca');
  });
});

describe('a balancer that resumes another', () => {
  it.each([
    ['round-robin', RoundRobin],
    ['weighted-round-robin', WeightedRoundRobin],
  ])('of %s begins anywhere where nobody stayed', (_, Turns) => {
    const [before, after] = [fakeCandidates([1, 1, 1]).slice(0, 1), fakeCandidates([1, 1, 1, 1]).slice(1)];
    const turns = new Turns(after, () => 0.5);
    turns.resume(new Turns(before, fromFirst));
    expect(letters(turns, after, 3)).toBe('bca');
  });

  it.each([
    ['round-robin', RoundRobin],
    ['least-connections', LeastConnections],
  ])('of %s goes on with the one that was due, or with the next that stayed', (_, Turns) => {
    const candidates = fakeCandidates([1, 1, 1, 1]);
    const before = new Turns(candidates, fromFirst);
    expect(letters(before, candidates, 1)).toBe('a');
    const same = new Turns(candidates, fromFirst);
    same.resume(before);
    expect(letters(same, candidates, 4)).toBe('bcda');
    const fewer = new Turns(candidates.slice(2), fromFirst);
    fewer.resume(before);
    expect(letters(fewer, candidates, 3)).toBe('cdc');
  });

  it.each([
    ['weighted-round-robin', WeightedRoundRobin],
    ['weighted-least-connections', WeightedLeastConnections],
  ])('of %s keeps what each has earned', (_, Turns) => {
    const candidates = fakeCandidates([5, 1, 1]);
    const before = new Turns(candidates, fromFirst);
    expect(letters(before, candidates, 3)).toBe('aba');
    const after = new Turns(candidates, fromFirst);
    after.resume(before);
    expect(letters(after, candidates, 4)).toBe('aaca');
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
