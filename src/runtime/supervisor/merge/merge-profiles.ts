import type { Profiler } from 'node:inspector';

/** A profile of one worker. */
export interface WorkerProfile {
  /** Number of the worker. */
  readonly worker: number;
  readonly profile: Profiler.Profile;
}

const ROOT_ID = 1;
const ROOT_FRAME = { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };

/** A sample at its time, in µs by the clock that all threads of a process share. */
interface TimedSample {
  readonly atUs: number;
  readonly node: number;
}

/**
 * Profiles that were recorded at the same time, as one: below its root, each worker has a node of its own. The samples of all stand in the
 * order of their times. The profile of one worker stays as it is.
 */
export function mergeProfiles(profiles: readonly WorkerProfile[]): Profiler.Profile {
  const [first, ...more] = profiles;
  if (first !== undefined && more.length === 0) return first.profile;
  const nodes: Profiler.ProfileNode[] = [];
  const roots: number[] = [];
  const samples: TimedSample[] = [];
  let lastId = ROOT_ID;
  for (const { worker, profile } of profiles) {
    const offset = lastId;
    const [root] = profile.nodes;
    for (const node of profile.nodes) {
      const id = node.id + offset;
      lastId = Math.max(lastId, id);
      const callFrame =
        node === root ? { ...ROOT_FRAME, functionName: `worker ${String(worker)}` } : node.callFrame;
      nodes.push({ ...node, id, callFrame, ...childrenOf(node, offset) });
    }
    if (root !== undefined) roots.push(root.id + offset);
    samples.push(...timedSamples(profile, offset));
  }
  samples.sort((a, b) => a.atUs - b.atUs);
  const startTime = Math.min(...profiles.map(({ profile }) => profile.startTime));
  return {
    nodes: [{ id: ROOT_ID, callFrame: ROOT_FRAME, hitCount: 0, children: roots }, ...nodes],
    startTime,
    endTime: Math.max(...profiles.map(({ profile }) => profile.endTime)),
    samples: samples.map(({ node }) => node),
    timeDeltas: samples.map(({ atUs }, index) => atUs - (samples[index - 1]?.atUs ?? startTime)),
  };
}

function childrenOf({ children }: Profiler.ProfileNode, offset: number): { children?: number[] } {
  return children === undefined ? {} : { children: children.map((id) => id + offset) };
}

function timedSamples(
  { startTime, samples = [], timeDeltas = [] }: Profiler.Profile,
  offset: number,
): TimedSample[] {
  let atUs = startTime;
  return samples.map((node, index) => {
    atUs += timeDeltas[index] ?? 0;
    return { atUs, node: node + offset };
  });
}
