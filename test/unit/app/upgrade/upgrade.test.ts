import { describe, expect, it } from 'vitest';

import type { ServiceManager } from '../../../../src/app/upgrade/service-manager.ts';
import { UpgradeHistory } from '../../../../src/app/upgrade/upgrade-history.ts';
import { Upgrade } from '../../../../src/app/upgrade/upgrade.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** A new version that says that it serves, and ends at once. */
const SHORT_LIVED = `
process.on('message', () => process.send({ kind: 'serving' }, () => process.exit(3)));
process.send({ kind: 'ready', version: '2', node: process.version, pid: process.pid });
`;

/** A new version that serves until that signal. */
const endsWith = (code: number, signal = 'SIGUSR2'): string => `
process.on('${signal}', () => process.exit(${String(code)}));
process.on('message', () => process.send({ kind: 'serving' }));
process.send({ kind: 'ready', version: '2', node: process.version, pid: process.pid });
setInterval(() => undefined, 1000);
`;

interface Scene {
  /** What the new process runs. */
  readonly script: string;
  readonly logger?: RecordingLogger;
  readonly mainProcess?: (pid: number) => Promise<void>;
  /** Whether a reload was asked for meanwhile. */
  readonly isReloadWanted?: boolean;
}

/** An upgrade of a proxy without sockets, and the processes to which it handed over. */
function upgradeTo({ script, logger, mainProcess, isReloadWanted = false }: Scene) {
  const handedOver: number[] = [];
  const upgrade = new Upgrade({
    command: [process.execPath, '-e', script],
    env: process.env,
    refusal: undefined,
    services: { mainProcess: mainProcess ?? (async () => undefined) } as unknown as ServiceManager,
    history: new UpgradeHistory(undefined),
    host: {
      version: '1',
      logger: logger ?? new RecordingLogger(),
      settings: () => ({ timeout: 30_000 }),
      exclusive: (work) => work(),
      sockets: () => [],
      succession: () => ({ generation: 1, ticketKeys: { fixed: '', keys: [] } }),
      handOver: (pid) => {
        handedOver.push(pid);
        return isReloadWanted;
      },
    },
  });
  return { upgrade, handedOver };
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

/** Resolves when the log has a line that begins so. */
async function told(logger: RecordingLogger, said: string): Promise<void> {
  await eventually(() => logger.lines.some((line) => line.startsWith(said)), `the log says: ${said}`);
}

describe('an upgrade', () => {
  it('changes nothing when the new version ends right after it began to serve', async () => {
    const mainProcesses: number[] = [];
    const { upgrade, handedOver } = upgradeTo({
      script: SHORT_LIVED,
      mainProcess: async (pid) => {
        mainProcesses.push(pid);
        if (pid !== process.pid) await eventually(() => isGone(pid), 'the new version has ended');
      },
    });
    const outcome = await upgrade.start({ source: 'signal' });
    expect(outcome).toMatchObject({
      ok: false,
      message: 'it ended with exit code 3 right after it began to serve',
    });
    expect(mainProcesses.at(-1)).toBe(process.pid);
    expect(mainProcesses).toHaveLength(2);
    expect(handedOver).toEqual([]);
    expect(upgrade.servedBy).toBeUndefined();
    expect(upgrade.reading).toMatchObject({ failed: 1, succeeded: 0 });
  });

  it.each([
    [0, 'info'],
    [3, 'error'],
  ])('logs the end of the version that took over with exit code %i at level %s', async (code, level) => {
    const logger = new RecordingLogger();
    const { upgrade, handedOver } = upgradeTo({ script: endsWith(code), logger });
    expect(await upgrade.start({ source: 'signal' })).toMatchObject({ ok: true });
    process.kill(handedOver[0] ?? 0, 'SIGUSR2');
    await told(logger, `${level} the version that took over has ended `);
  });

  it('passes a reload that was asked for meanwhile on to the new version', async () => {
    const logger = new RecordingLogger();
    const { upgrade } = upgradeTo({ script: endsWith(0, 'SIGHUP'), logger, isReloadWanted: true });
    expect(await upgrade.start({ source: 'signal' })).toMatchObject({ ok: true });
    await told(logger, 'info the version that took over has ended ');
    expect(logger.lines.join('\n')).toContain('the reload that was asked for meanwhile is passed on');
  });
});
