import type { Profiler } from 'node:inspector';
import { describe, expect, it } from 'vitest';

import { recordCpuProfile } from '../../../../../src/runtime/control/thread-debug.ts';
import { mergeProfiles } from '../../../../../src/runtime/supervisor/merge/merge-profiles.ts';

function frame(functionName: string): Profiler.ProfileNode['callFrame'] {
  return { functionName, scriptId: '1', url: '', lineNumber: 0, columnNumber: 0 };
}

/** A profile with a function below its root, whose samples lie at these times. */
function profile(name: string, startTime: number, timeDeltas: number[]): Profiler.Profile {
  return {
    nodes: [
      { id: 1, callFrame: frame('(root)'), hitCount: 0, children: [2] },
      { id: 2, callFrame: frame(name), hitCount: timeDeltas.length },
    ],
    startTime,
    endTime: startTime + 1_000,
    samples: timeDeltas.map(() => 2),
    timeDeltas,
  };
}

describe('profiles of several workers', () => {
  it('stand side by side below one root, with their samples by time', () => {
    const merged = mergeProfiles([
      { worker: 1, profile: profile('a', 1_000, [100, 100, 300]) },
      { worker: 3, profile: profile('b', 1_050, [100, 500]) },
    ]);
    const names = new Map(merged.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
    expect([...names.values()]).toEqual(['(root)', 'worker 1', 'a', 'worker 3', 'b']);
    const children = (id: number): string[] =>
      (merged.nodes.find((node) => node.id === id)?.children ?? []).map((child) => names.get(child)!);
    expect(children(1)).toEqual(['worker 1', 'worker 3']);
    expect(merged.nodes.map(({ id }) => children(id))).toEqual([
      ['worker 1', 'worker 3'],
      ['a'],
      [],
      ['b'],
      [],
    ]);
    expect(merged.samples?.map((id) => names.get(id))).toEqual(['a', 'b', 'a', 'a', 'b']);
    expect(merged.timeDeltas).toEqual([100, 50, 50, 300, 150]);
    expect([merged.startTime, merged.endTime]).toEqual([1_000, 2_050]);
  });

  it('stay as they are when there is one', () => {
    const one = profile('a', 1, [2]);
    expect(mergeProfiles([{ worker: 2, profile: one }])).toBe(one);
  });

  it('are those that Node.js makes', async () => {
    const real = await recordCpuProfile(20, new AbortController().signal);
    const merged = mergeProfiles([1, 2].map((worker) => ({ worker, profile: real })));
    const ids = new Set(merged.nodes.map(({ id }) => id));
    expect(ids.size).toBe(2 * real.nodes.length + 1);
    expect(merged.samples?.every((id) => ids.has(id))).toBe(true);
    expect(merged.samples).toHaveLength(2 * (real.samples?.length ?? 0));
    expect(merged.timeDeltas?.every((delta, index) => index === 0 || delta >= 0)).toBe(true);
  });
});
