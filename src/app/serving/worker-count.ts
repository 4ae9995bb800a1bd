import { availableParallelism } from 'node:os';

import type { Workers } from '../../config/schema/config.generated.ts';
import { cgroupQuota } from './cgroup-quota.ts';

/** As the schema of the config has it. */
const MOST_WORKERS = 64;

/** How much of the machine a process may use. */
export interface CpuSources {
  /** The cores that it may run on: its CPU affinity counts. */
  readonly cores: number;
  /** The CPU time that it may have, in cores; undefined when there is no quota. */
  readonly quota: number | undefined;
}

/** How many workers serve clients, and why. */
export interface WorkerCount {
  readonly count: number;
  /** For the log. */
  readonly reason: string;
}

/**
 * How many workers the config asks for. `auto`: one for each core that the process may run on, and no more than its quota of CPU time keeps
 * busy; a part of a core counts as one.
 */
export function workerCount({ count }: Pick<Workers, 'count'>, sources: CpuSources = ownCpu()): WorkerCount {
  if (count !== 'auto') return { count, reason: 'as the config says' };
  const { cores, quota = Number.POSITIVE_INFINITY } = sources;
  const wanted = Math.max(1, Math.min(cores, Math.ceil(quota)));
  if (wanted > MOST_WORKERS) return { count: MOST_WORKERS, reason: 'auto: the most that there can be' };
  if (wanted < cores)
    return { count: wanted, reason: `auto: the control group may use ${formatCores(quota)} of CPU time` };
  return { count: wanted, reason: `auto: the process may run on ${formatCores(cores)}` };
}

function ownCpu(): CpuSources {
  return { cores: availableParallelism(), quota: cgroupQuota() };
}

function formatCores(cores: number): string {
  return cores === 1 ? '1 core' : `${String(Math.round(cores * 100) / 100)} cores`;
}
