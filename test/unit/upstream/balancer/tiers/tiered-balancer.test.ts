import { describe, expect, it } from 'vitest';
import type { Algorithm } from '../../../../../src/config/values/algorithm.ts';
import { createBalancer } from '../../../../../src/upstream/balancer/create-balancer.ts';
import {
  context,
  FakeCandidate,
  following,
  fromFirst,
} from '../../../../contract/balancer/fake-candidates.ts';

interface Placed {
  readonly priority?: number;
  readonly zone?: string;
}

function tiered(
  places: Readonly<Record<string, Placed>>,
  zone?: string,
  algorithm: Algorithm = 'round-robin',
) {
  const candidates = Object.entries(places).map(
    ([id, place]) => new FakeCandidate(id, 1, place.priority, place.zone),
  );
  const settings = { algorithm, load_factor: 1.25, zone_min_up: 50, ...(zone === undefined ? {} : { zone }) };
  const balancer = following(createBalancer(settings, candidates, fromFirst), candidates);
  const named = (id: string): FakeCandidate => candidates.find((candidate) => candidate.id === id)!;
  const picks = (count: number, ...excluded: string[]): string =>
    Array.from(
      { length: count },
      () =>
        balancer.pick(context(undefined, excluded.length === 0 ? undefined : excluded.map(named)))?.id ?? '-',
    ).join('');
  return { balancer, named, picks };
}

describe('priorities', () => {
  const places = { a: {}, b: {}, c: { priority: 1 }, d: { priority: 1000 } };

  it('are used one after the other, as the ones before go down, and left again', () => {
    const { named, picks } = tiered(places);
    expect(picks(4)).toBe('abab');
    named('a').available = false;
    expect(picks(2)).toBe('bb');
    named('b').available = false;
    expect(picks(2)).toBe('cc');
    named('c').available = false;
    expect(picks(2)).toBe('dd');
    named('d').available = false;
    expect(picks(1)).toBe('-');
    named('b').available = true;
    expect(picks(2)).toBe('bb');
  });

  it('are not left because a backend is full: the request waits for it', () => {
    const { named, picks } = tiered(places);
    named('a').isFull = true;
    named('b').isFull = true;
    expect(picks(1)).toBe('-');
    named('a').isFull = false;
    expect(picks(1)).toBe('a');
  });

  it('are left for a request that has tried all that are up', () => {
    const { picks } = tiered(places);
    expect(picks(1, 'a', 'b')).toBe('c');
    expect(picks(1, 'a', 'b', 'c')).toBe('d');
    expect(picks(2)).toBe('ab');
  });

  it.each<Algorithm>([
    'least-connections',
    'power-of-two',
    'maglev',
    'bounded-consistent-hash',
    'least-time',
  ])('count for %s too', (algorithm) => {
    const { named, picks } = tiered(places, undefined, algorithm);
    expect(picks(50)).toMatch(/^[ab]+$/);
    named('a').available = false;
    named('b').available = false;
    expect(picks(50)).toMatch(/^c+$/);
  });

  it('keep their turns over an edit', () => {
    const { balancer, picks } = tiered(places);
    expect(picks(1)).toBe('a');
    const next = tiered(places);
    next.balancer.resume?.(balancer);
    expect(next.picks(2)).toBe('ba');
  });

  it('foretell what they pick', () => {
    const { balancer, named, picks } = tiered(places);
    named('a').available = false;
    named('b').available = false;
    expect(balancer.peek?.(context())?.id).toBe('c');
    expect(picks(1)).toBe('c');
  });
});

describe('the own zone', () => {
  const places = { a: { zone: 'x' }, b: { zone: 'y' }, c: { zone: 'x' }, d: { zone: 'y', priority: 1 } };

  it('comes first, and other zones help while it has no room', () => {
    const { named, picks } = tiered(places, 'x');
    expect(picks(4)).toBe('acac');
    named('a').isFull = true;
    named('c').isFull = true;
    expect(picks(2)).toBe('bb');
    named('a').isFull = false;
    expect(picks(2)).toBe('aa');
  });

  it('shares with the others once too few of it are up', () => {
    const { named, picks } = tiered({ ...places, e: { zone: 'x' }, f: { zone: 'x' } }, 'x');
    for (const id of ['a', 'c', 'e']) named(id).available = false;
    picks(8);
    expect(picks(4)).toMatch(/^(bfbf|fbfb)$/);
    named('c').available = true;
    expect(picks(4)).toMatch(/^(cfcf|fcfc)$/);
  });

  it('does not matter where nobody is in it, or all are', () => {
    expect(tiered(places, 'z').picks(3)).toBe('abc');
    expect(tiered(places).picks(3)).toBe('abc');
  });
});
