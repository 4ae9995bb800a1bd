import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ROOT } from '../support/labs/built-program.ts';
import { owned } from '../support/owned.ts';

const UNITS = join(ROOT, 'docker/systemd');
/** Of systemd-analyze: lower is safer. */
const MOST_EXPOSED = 2;
const hasTool = spawnSync('systemd-analyze', ['--version']).status === 0;

/** systemd-analyze reads no unit whose file stands among files that are none. */
function units(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-units-'));
  owned({
    close: () => {
      rmSync(folder, { recursive: true });
    },
  });
  for (const name of ['balance.service', 'balance.socket']) cpSync(join(UNITS, name), join(folder, name));
  return folder;
}

describe.skipIf(!hasTool)('the units for systemd', () => {
  it('have no mistake', () => {
    const folder = units();
    const { status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', join(folder, 'balance.service'), join(folder, 'balance.socket')],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  it('leave the proxy few rights', () => {
    const service = join(units(), 'balance.service');
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', service], {
      encoding: 'utf8',
    });
    const [, exposure] = /Overall exposure level for balance\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(MOST_EXPOSED);
  });
});

describe('the unit of the service', () => {
  it('lets every process of the proxy tell systemd what happens, and does not end them one by one', () => {
    const text = readFileSync(join(UNITS, 'balance.service'), 'utf8');
    expect(text).toMatch(/^Type=notify$/m);
    expect(text).toMatch(/^NotifyAccess=all$/m);
    expect(text).toMatch(/^KillMode=mixed$/m);
  });
});
