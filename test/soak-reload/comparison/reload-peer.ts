import { readFileSync } from 'node:fs';

import type { ConfigModel } from '../model/config-model.ts';
import type { Scene } from '../scene.ts';

/** A proxy that takes part. */
export interface ReloadPeer {
  readonly name: string;
  /** The installed version; undefined when there is none. */
  version(): string | undefined;
  /** Starts it with that config, on the web and raw ports of the scene. */
  start(scene: Scene, first: ConfigModel): Promise<RunningPeer>;
}

export interface RunningPeer {
  /** Writes the config and tells the proxy to take it over, as its manual says. */
  reload(model: ConfigModel): Promise<void>;
  usage(): PeerUsage;
  close(): Promise<void>;
}

export interface PeerUsage {
  /** Processes that serve nobody new and run on for what they still hold. */
  readonly oldWorkers: number;
  readonly memoryBytes: number;
}

/** Of a master and all its workers; memory that they share is counted once. */
export function usageOfTree(pid: number): PeerUsage {
  const workers = childrenOf(pid);
  const memoryBytes = [pid, ...workers].reduce((sum, one) => sum + proportionalBytes(one), 0);
  return { oldWorkers: Math.max(0, workers.length - 1), memoryBytes };
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number).filter(Boolean);
}

function proportionalBytes(pid: number): number {
  const share = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`));
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return Number(share?.[1] ?? resident?.[1] ?? 0) * 1024;
}

/** '' when the process is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
