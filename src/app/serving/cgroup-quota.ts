import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A control group that limits CPU time, as the kernel lists it for a process, and where its files are. */
interface CpuGroup {
  /** The group, from the top of its hierarchy. */
  readonly path: string;
  /** Which group the mount point shows: containers see a part of the hierarchy. */
  readonly mountRoot: string;
  readonly mountPoint: string;
  /** Reads the quota of the group in a folder. */
  readonly quotaIn: (folder: string) => number | undefined;
}

/**
 * How much CPU time the control groups of this process let it have, in cores: the least quota of its group and of those above it, in version 2
 * and version 1 of control groups. undefined where there is no quota. Source: kernel documentation, `admin-guide/cgroup-v2` and
 * `scheduler/sched-bwc`.
 *
 * @param root folder that stands for `/`
 */
export function cgroupQuota(root = '/'): number | undefined {
  const own = linesOf(join(root, 'proc/self/cgroup'));
  const quotas = mountsOf(linesOf(join(root, 'proc/self/mountinfo'))).flatMap((mount) => {
    const group = groupAt(mount, own);
    return group === undefined ? [] : quotasOf(group, root);
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The lines of `mountinfo` (proc(5)): `36 35 98:0 /root /point options … - type source superoptions`. */
function mountsOf(lines: readonly string[]): readonly Mount[] {
  return lines.flatMap((line) => {
    const [own = '', filesystem = ''] = line.split(' - ');
    const [, , , root, point] = own.split(' ');
    const [type, , options = ''] = filesystem.split(' ');
    if (root === undefined || point === undefined || type === undefined) return [];
    return [{ root: unescaped(root), point: unescaped(point), type, options: options.split(',') }];
  });
}

/** The group of this process in the hierarchy that is mounted there; undefined when that hierarchy does not limit CPU time. */
function groupAt({ root, point, type, options }: Mount, own: readonly string[]): CpuGroup | undefined {
  const isSecond = type === 'cgroup2';
  if (!isSecond && !(type === 'cgroup' && options.includes('cpu'))) return undefined;
  // `0::/path` is the group of version 2, `4:cpu,cpuacct:/path` one of version 1.
  const line = own.find((text) => {
    const [number, controllers = ''] = text.split(':');
    return isSecond ? number === '0' && controllers === '' : controllers.split(',').includes('cpu');
  });
  const path = line?.split(':').slice(2).join(':');
  if (path === undefined) return undefined;
  return { path, mountRoot: root, mountPoint: point, quotaIn: isSecond ? secondQuota : firstQuota };
}

/** The quotas of a group and of all above it, as far as the mount shows them. */
function quotasOf({ path, mountRoot, mountPoint, quotaIn }: CpuGroup, root: string): readonly number[] {
  const within = posix.relative(mountRoot, path);
  // A container may not see its own path in the hierarchy: then the mount point is its group.
  const names = within === '' || within.startsWith('..') ? [] : within.split('/');
  const quotas = [...names, ''].map((_, index) =>
    quotaIn(join(root, mountPoint, ...names.slice(0, names.length - index))),
  );
  return quotas.filter((quota) => quota !== undefined);
}

/** `cpu.max`: `150000 100000`, or `max 100000`. */
function secondQuota(folder: string): number | undefined {
  const [quota, period] = (linesOf(join(folder, 'cpu.max'))[0] ?? '').split(' ');
  return cores(quota, period);
}

/** `cpu.cfs_quota_us` is -1 where there is none. */
function firstQuota(folder: string): number | undefined {
  const [quota] = linesOf(join(folder, 'cpu.cfs_quota_us'));
  const [period] = linesOf(join(folder, 'cpu.cfs_period_us'));
  return cores(quota, period);
}

function cores(quota: string | undefined, period: string | undefined): number | undefined {
  const share = Number(quota) / Number(period);
  return Number.isFinite(share) && share > 0 ? share : undefined;
}

/** Spaces and the like are written as octal numbers there. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}

/** The lines of a file; none when it can't be read. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
