import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../../src/config/load/config-error.ts';
import type { AppliedConfig } from '../../../../src/runtime/reload/config-apply.ts';
import { Reloader, type ReloadCause } from '../../../../src/runtime/reload/reloader.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const FILE = { source: 'file' } as const;
const APPLIED = { changes: [], warnings: [], loaded: undefined };
const PROBLEM = { file: 'a.yaml', line: 3, column: 1, path: 'mode', message: 'is wrong' };

/** A reload that is finished by hand. */
function byHand() {
  const running: { succeed: (summary: string) => void; fail: (error: Error) => void }[] = [];
  let most = 0;
  let now = 0;
  const logger = new RecordingLogger();
  const live = { id: 0, hash: '' };
  const causes: string[] = [];
  const apply = async ({ source }: ReloadCause): Promise<AppliedConfig> => {
    causes.push(source);
    now += 1;
    most = Math.max(most, now);
    try {
      const summary = await new Promise<string>((succeed, fail) => running.push({ succeed, fail }));
      live.id += 1;
      live.hash = `hash ${live.id}`;
      return { ...APPLIED, summary };
    } finally {
      now -= 1;
    }
  };
  const reloader = new Reloader({ apply, live: () => live, logger });
  const begun = (count: number) => eventually(() => running.length === count, `${count} reloads began`);
  const counts = () => [...reloader.countsBySource()].filter((each) => each.succeeded + each.failed > 0);
  return { reloader, running, causes, logger, begun, counts, most: () => most };
}

describe('the reloader', () => {
  it('says what changed, logs and counts it', async () => {
    const { reloader, running, logger, begun, counts } = byHand();
    const outcome = reloader.reload(FILE);
    await begun(1);
    running[0]!.succeed('upstream web changed');
    expect(await outcome).toMatchObject({
      ok: true,
      generation: 1,
      hash: 'hash 1',
      source: 'file',
      message: 'upstream web changed',
      problems: [],
    });
    expect(reloader.last).toBe(await outcome);
    expect(reloader.lastSuccessAtMs).toBeGreaterThanOrEqual((await outcome).atMs);
    expect(counts()).toEqual([{ source: 'file', succeeded: 1, failed: 0 }]);
    expect(logger.lines).toEqual([
      expect.stringMatching(
        /^info config reloaded {"generation":1,"source":"file","changes":"upstream web changed","duration_ms":[\d.]+}$/,
      ),
    ]);
  });

  it('says why nothing changed and where, and never rejects', async () => {
    const { reloader, running, logger, begun, counts } = byHand();
    const outcome = reloader.reload(FILE);
    await begun(1);
    running[0]!.fail(new ConfigError([PROBLEM]));
    expect(await outcome).toMatchObject({
      ok: false,
      generation: 0,
      message: 'a.yaml:3:1 mode is wrong',
      problems: [PROBLEM],
    });
    expect(counts()).toEqual([{ source: 'file', succeeded: 0, failed: 1 }]);
    expect(reloader.lastSuccessAtMs).toBeUndefined();
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(
      /^error config not reloaded, the running one stays .*"places":"a\.yaml:3:1"/,
    );
  });

  it('keeps the outcome of the start, which is no reload and throws what goes wrong', async () => {
    const { reloader, running, begun, counts } = byHand();
    const failed = reloader.start();
    await begun(1);
    running[0]!.fail(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    const started = reloader.start();
    await begun(2);
    running[1]!.succeed('first config');
    expect(await started).toMatchObject({ ok: true, source: 'start', generation: 1 });
    expect(reloader.last).toBe(await started);
    expect(counts()).toEqual([]);
  });

  it('runs one after the other, and one for all who ask while one runs', async () => {
    const { reloader, running, begun, most } = byHand();
    const first = reloader.reload(FILE);
    await begun(1);
    const others = [reloader.reload(FILE), reloader.reload(FILE), reloader.reload(FILE)];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    // Who asks now may have edited after the second one read the file.
    const late = reloader.reload(FILE);
    running[1]!.succeed('second');
    expect((await Promise.all(others)).map(({ message }) => message)).toEqual(['second', 'second', 'second']);
    await begun(3);
    running[2]!.succeed('third');
    expect((await late).message).toBe('third');
    expect(running).toHaveLength(3);
    expect(most()).toBe(1);
    const again = reloader.reload(FILE);
    await begun(4);
    running[3]!.succeed('fourth');
    await again;
  });

  it('reads the config when one of those who ask while one runs is about more than plugins', async () => {
    const { reloader, running, causes, begun } = byHand();
    const first = reloader.reload({ source: 'plugins' });
    await begun(1);
    const others = [reloader.reload({ source: 'plugins' }), reloader.reload(FILE)];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    const last = [reloader.reload(FILE), reloader.reload({ source: 'plugins' })];
    running[1]!.succeed('second');
    expect((await Promise.all(others)).map(({ source }) => source)).toEqual(['file', 'file']);
    await begun(3);
    running[2]!.succeed('third');
    await Promise.all(last);
    expect(causes).toEqual(['plugins', 'file', 'file']);
  });

  it('goes on after a failure, also for those who asked meanwhile', async () => {
    const { reloader, running, begun, counts } = byHand();
    const first = reloader.reload(FILE);
    await begun(1);
    const second = reloader.reload(FILE);
    running[0]!.fail(new Error('no'));
    expect((await first).ok).toBe(false);
    await begun(2);
    running[1]!.succeed('yes');
    expect((await second).ok).toBe(true);
    expect(counts()).toEqual([{ source: 'file', succeeded: 1, failed: 1 }]);
  });
});
