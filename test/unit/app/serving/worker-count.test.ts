import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { cgroupQuota } from '../../../../src/app/serving/cgroup-quota.ts';
import { workerCount } from '../../../../src/app/serving/worker-count.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroups-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Files of a machine that the kernel would have. */
function machine(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
}

const SECOND = '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate';
const FIRST = '31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct';

describe('the quota of control groups', () => {
  it('is none on a machine that has no control groups', () => {
    expect(cgroupQuota(root)).toBeUndefined();
  });

  it('is none where no group has one', () => {
    machine({
      'proc/self/cgroup': '0::/system.slice/balance.service',
      'proc/self/mountinfo': SECOND,
      'sys/fs/cgroup/system.slice/balance.service/cpu.max': 'max 100000',
    });
    expect(cgroupQuota(root)).toBeUndefined();
  });

  it('is the least one of a group and of those above it (version 2)', () => {
    machine({
      'proc/self/cgroup': '0::/kubepods.slice/pod.slice/one',
      'proc/self/mountinfo': `24 1 8:1 / / rw - ext4 /dev/sda1 rw\n${SECOND}`,
      'sys/fs/cgroup/kubepods.slice/cpu.max': '600000 100000',
      'sys/fs/cgroup/kubepods.slice/pod.slice/cpu.max': '150000 100000',
      'sys/fs/cgroup/kubepods.slice/pod.slice/one/cpu.max': 'max 100000',
    });
    expect(cgroupQuota(root)).toBe(1.5);
  });

  it('is that of the mount point in a container that sees its group as the top', () => {
    machine({
      'proc/self/cgroup': '0::/',
      'proc/self/mountinfo': SECOND,
      'sys/fs/cgroup/cpu.max': '50000 100000',
    });
    expect(cgroupQuota(root)).toBe(0.5);
  });

  it('is found where a container sees a part of the hierarchy, and the whole path (version 1)', () => {
    machine({
      'proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc/inner\n0::/',
      'proc/self/mountinfo': FIRST.replace(' / ', ' /docker/abc '),
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
      'sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us': '-1',
      'sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us': '100000',
    });
    expect(cgroupQuota(root)).toBe(3);
  });

  it('is that of the mount point where the path of the group is not below it', () => {
    machine({
      'proc/self/cgroup': '4:cpu:/user.slice',
      'proc/self/mountinfo': FIRST.replace(' / ', ' /docker/abc '),
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '250000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    });
    expect(cgroupQuota(root)).toBe(2.5);
  });

  it('is read at mount points with spaces', () => {
    machine({
      'proc/self/cgroup': '0::/a',
      'proc/self/mountinfo': SECOND.replace('/sys/fs/cgroup', String.raw`/sys/my\040groups`),
      'sys/my groups/a/cpu.max': '200000 100000',
    });
    expect(cgroupQuota(root)).toBe(2);
  });

  it.each(['', 'nonsense', '0 0', '-1 100000', '100000'])('is none where cpu.max says %j', (text) => {
    machine({
      'proc/self/cgroup': '0::/',
      'proc/self/mountinfo': SECOND,
      'sys/fs/cgroup/cpu.max': text,
    });
    expect(cgroupQuota(root)).toBeUndefined();
  });
});

describe('the number of workers', () => {
  it('is the one of the config', () => {
    expect(workerCount({ count: 3 }, { cores: 1, quota: 0.5 })).toEqual({
      count: 3,
      reason: 'as the config says',
    });
  });

  it.each([
    [{ cores: 8, quota: undefined }, 8, 'auto: the process may run on 8 cores'],
    [{ cores: 1, quota: undefined }, 1, 'auto: the process may run on 1 core'],
    [{ cores: 8, quota: 1.5 }, 2, 'auto: the control group may use 1.5 cores of CPU time'],
    [{ cores: 8, quota: 0.1 }, 1, 'auto: the control group may use 0.1 cores of CPU time'],
    [{ cores: 2, quota: 6 }, 2, 'auto: the process may run on 2 cores'],
    [{ cores: 128, quota: undefined }, 64, 'auto: the most that there can be'],
  ])('is with auto and %j %i', (sources, count, reason) => {
    expect(workerCount({ count: 'auto' }, sources)).toEqual({ count, reason });
  });

  it('is with auto at most what this process may run on', () => {
    expect(workerCount({ count: 'auto' }).count).toBeLessThanOrEqual(availableParallelism());
  });

  it.runIf(process.platform === 'linux')('follows the CPU affinity of a process', () => {
    const print = 'process.stdout.write(String(require("node:os").availableParallelism()))';
    const args = ['--cpu-list', '0', process.execPath, '-e', print];
    expect(execFileSync('taskset', args, { encoding: 'utf8' })).toBe('1');
  });
});
