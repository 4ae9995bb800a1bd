import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../../../src/upstream/balancer/create-balancer.ts';
import { UpstreamShare } from '../../../../../src/upstream/sharing/upstream-share.ts';
import { sharedSlots } from '../../../../support/labs/shared-slots.ts';
import {
  context,
  FakeCandidate,
  following,
  seededChance,
} from '../../../../contract/balancer/fake-candidates.ts';

const WORKERS = 2;
/** Three candidates of the own zone and four of another one, and five backups. */
const PLACES = [
  ...Array.from({ length: 3 }, () => [0, 'here'] as const),
  ...Array.from({ length: 4 }, () => [0, 'there'] as const),
  ...Array.from({ length: 5 }, () => [1, 'here'] as const),
];

function candidates(): FakeCandidate[] {
  return PLACES.map(([priority, zone], at) => new FakeCandidate(`backend ${at}`, 1, priority, zone));
}

function balancersOver(all: readonly FakeCandidate[], algorithm: 'round-robin' | 'weighted-round-robin') {
  return sharedSlots(WORKERS, ['upstream']).slots.map((own, worker) => {
    const { turns } = new UpstreamShare(own.open('upstream'), own);
    const settings = { algorithm, load_factor: 1.25, zone: 'here', zone_min_up: 50 };
    return following(createBalancer(settings, all, seededChance(worker), turns), all);
  });
}

describe.each(['round-robin', 'weighted-round-robin'] as const)('tiers of two workers, %s', (algorithm) => {
  it('give each backend of a tier the same, however requests change between tiers and workers', () => {
    const all = candidates();
    const balancers = balancersOver(all, algorithm);
    const near = all.slice(0, 3);
    const first = all.slice(0, 7);
    const random = seededChance(5);
    const counts = new Map<string, number>();
    const pick = (tier: string): void => {
      const picked = balancers[Math.floor(random() * WORKERS)]!.pick(context())!;
      const name = `${tier} ${picked.id}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    };
    for (let round = 0; round < 2_000; round++) {
      const kind = Math.floor(random() * 3);
      // The own zone is full: the others of the same priority are used. All of the first priority are down: the backups are used.
      if (kind === 1) for (const candidate of near) candidate.isFull = true;
      if (kind === 2) for (const candidate of first) candidate.available = false;
      pick(['near', 'far', 'backup'][kind]!);
      for (const candidate of first) {
        candidate.isFull = false;
        candidate.available = true;
      }
    }
    const shares = new Map<string, number[]>();
    for (const [name, count] of counts) {
      const tier = name.slice(0, name.indexOf(' '));
      shares.set(tier, [...(shares.get(tier) ?? []), count]);
    }
    expect([...shares].map(([tier, each]) => [tier, each.length]).sort()).toEqual([
      ['backup', 5],
      ['far', 4],
      ['near', 3],
    ]);
    // Each worker takes the turns of a tier by itself at most: then a backend is off by one turn for each.
    for (const each of shares.values())
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(WORKERS);
  });
});
