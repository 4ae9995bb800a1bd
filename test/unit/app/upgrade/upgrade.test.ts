import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { ServiceManager } from '../../../../src/app/upgrade/service-manager.ts';
import { UpgradeHistory } from '../../../../src/app/upgrade/upgrade-history.ts';
import { Upgrade } from '../../../../src/app/upgrade/upgrade.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { owned } from '../../../support/owned.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** A new version that says that it serves, and ends at once. */
const SHORT_LIVED = `
process.on('message', () => process.send({ kind: 'serving' }, () => process.exit(3)));
process.send({ kind: 'ready', version: '2', node: process.version, pid: process.pid });
`;

/** A new version that puts its socket in the place of the one at `path`, and fails. */
const failsAt = (path: string): string => `
process.on('message', () => {
  require('node:fs').writeFileSync(${JSON.stringify(path)} + '.new', 'of the new version');
  require('node:fs').renameSync(${JSON.stringify(path)} + '.new', ${JSON.stringify(path)});
  process.send({ kind: 'failed', reason: 'no luck' });
});
process.send({ kind: 'ready', version: '2', node: process.version, pid: process.pid });
`;

/** A new version that serves until SIGUSR2. */
const endsWith = (code: number): string => `
process.on('SIGUSR2', () => process.exit(${String(code)}));
process.on('message', () => process.send({ kind: 'serving' }));
process.send({ kind: 'ready', version: '2', node: process.version, pid: process.pid });
setInterval(() => undefined, 1000);
`;

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe('an upgrade', () => {
  it('changes nothing when the new version ends right after it began to serve', async () => {
    const mainProcesses: number[] = [];
    let handedOver = 0;
    const services = {
      mainProcess: async (pid: number) => {
        mainProcesses.push(pid);
        if (pid !== process.pid) await eventually(() => isGone(pid), 'the new version has ended');
      },
    } as unknown as ServiceManager;
    const upgrade = new Upgrade({
      command: [process.execPath, '-e', SHORT_LIVED],
      env: process.env,
      refusal: undefined,
      services,
      history: new UpgradeHistory(undefined),
      host: {
        version: '1',
        logger: new RecordingLogger(),
        settings: () => ({ timeout: 30_000 }),
        exclusive: (work) => work(),
        sockets: () => [],
        succession: () => ({ generation: 1, ticketKeys: { fixed: '', keys: [] } }),
        handOver: () => {
          handedOver += 1;
          return false;
        },
      },
    });
    const outcome = await upgrade.start({ source: 'signal' });
    expect(outcome).toMatchObject({
      ok: false,
      message: 'it ended with exit code 3 right after it began to serve',
    });
    expect(mainProcesses.at(-1)).toBe(process.pid);
    expect(mainProcesses).toHaveLength(2);
    expect(handedOver).toBe(0);
    expect(upgrade.servedBy).toBeUndefined();
    expect(upgrade.reading).toMatchObject({ failed: 1, succeeded: 0 });
  });

  it('leaves the paths of unix sockets as they were when the new version fails after it has taken one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'balance-upgrade-'));
    owned({
      close: () => {
        rmSync(folder, { recursive: true });
      },
    });
    const path = join(folder, 'web.sock');
    writeFileSync(path, 'mine');
    const address = `unix:${path}`;
    const upgrade = new Upgrade({
      command: [process.execPath, '-e', failsAt(path)],
      env: process.env,
      refusal: undefined,
      services: { mainProcess: async () => undefined } as unknown as ServiceManager,
      history: new UpgradeHistory(undefined),
      host: {
        version: '1',
        logger: new RecordingLogger(),
        settings: () => ({ timeout: 30_000 }),
        exclusive: (work) => work(),
        sockets: () => [{ what: 'listener web', address, bound: address, fd: null }],
        succession: () => ({ generation: 1, ticketKeys: { fixed: '', keys: [] } }),
        handOver: () => false,
      },
    });
    expect(await upgrade.start({ source: 'signal' })).toMatchObject({ ok: false, message: 'no luck' });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(['web.sock']);
  });

  it.each([
    [0, 'info'],
    [3, 'error'],
  ])('logs the end of the version that took over with exit code %i at level %s', async (code, level) => {
    const logger = new RecordingLogger();
    let serving = 0;
    const upgrade = new Upgrade({
      command: [process.execPath, '-e', endsWith(code)],
      env: process.env,
      refusal: undefined,
      services: { mainProcess: async () => undefined } as unknown as ServiceManager,
      history: new UpgradeHistory(undefined),
      host: {
        version: '1',
        logger,
        settings: () => ({ timeout: 30_000 }),
        exclusive: (work) => work(),
        sockets: () => [],
        succession: () => ({ generation: 1, ticketKeys: { fixed: '', keys: [] } }),
        // It serves by now: it may end.
        handOver: (pid) => {
          serving = pid;
          return false;
        },
      },
    });
    expect(await upgrade.start({ source: 'signal' })).toMatchObject({ ok: true });
    process.kill(serving, 'SIGUSR2');
    const said = `${level} the version that took over has ended `;
    await eventually(() => logger.lines.some((line) => line.startsWith(said)), 'its end is told');
  });
});
