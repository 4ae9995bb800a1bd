import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCycles, type Graph } from '../../structure/find-cycles.ts';

/** `a: 'bc'` needs `b` and `c`. */
function graph(edges: Readonly<Record<string, string>>): Graph {
  return new Map(Object.entries(edges).map(([from, targets]) => [from, new Set(targets)]));
}

describe('findCycles', () => {
  it('finds none where everything leads one way', () => {
    expect(findCycles(graph({ a: 'bc', b: 'c', c: '' }))).toEqual([]);
  });

  it('finds a node that needs itself', () => {
    expect(findCycles(graph({ a: 'a' }))).toEqual([['a']]);
  });

  it('finds two that need each other, once', () => {
    expect(findCycles(graph({ a: 'b', b: 'a' }))).toEqual([['a', 'b']]);
  });

  it('finds each of several cycles through one node, the shortest way', () => {
    expect(findCycles(graph({ a: 'bd', b: 'c', c: 'a', d: 'ae', e: '' }))).toEqual([
      ['a', 'b', 'c'],
      ['a', 'd'],
    ]);
  });

  it('leaves out what a cycle needs, and what needs a cycle', () => {
    expect(findCycles(graph({ x: 'a', a: 'b', b: 'ay', y: 'z', z: '' }))).toEqual([['a', 'b']]);
  });

  it('has every edge that is part of a cycle, and no other, in one of its answers', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const edges = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 15 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const all: Record<string, string> = {};
        for (const [from, to] of pairs) all[from] = `${all[from] ?? ''}${to}`;
        const found = new Set(
          findCycles(graph(all)).flatMap((cycle) =>
            cycle.map((node, index) => `${node}${cycle[index + 1] ?? cycle[0] ?? ''}`),
          ),
        );
        const cyclic = pairs
          .filter(([from, to]) => reaches(all, to, from))
          .map(([from, to]) => `${from}${to}`);
        expect([...found].sort()).toEqual([...new Set(cyclic)].sort());
      }),
    );
  });
});

function reaches(edges: Readonly<Record<string, string>>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const node of seen) for (const next of edges[node] ?? '') seen.add(next);
  return seen.has(to);
}
