import { readFileSync } from 'node:fs';

/** Resources that a process and its descendants have used so far. */
export interface Usage {
  /** User and system time. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

/** The unit of times in /proc/PID/stat. Linux shows 100 to user space on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Reads /proc; a descendant that ends meanwhile counts as nothing. */
export function usageOf(pid: number): Usage {
  let cpuMicroseconds = 0;
  let residentBytes = 0;
  for (const id of treeOf(pid)) {
    const stat = read(`/proc/${id}/stat`);
    // The second field is the command in parentheses and may hold spaces: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuMicroseconds += ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1_000_000) / ticksPerSecond;
    residentBytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${id}/status`))?.[1] ?? 0) * 1024;
  }
  return { cpuMicroseconds, residentBytes };
}

function treeOf(pid: number): readonly number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number).filter(Boolean);
  return [pid, ...children.flatMap(treeOf)];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
