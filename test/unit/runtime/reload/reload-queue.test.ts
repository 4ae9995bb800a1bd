import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { ReloadJournal, type ReloadChanges } from '../../../../src/runtime/reload/outcome/reload-journal.ts';
import type { ReloadCause, ReloadOutcome } from '../../../../src/runtime/reload/outcome/reload-outcome.ts';
import { ReloadQueue } from '../../../../src/runtime/reload/reload-queue.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const FILE = { source: 'file' } as const;
const CHANGES = { changes: [], warnings: [], swap: { skewMs: undefined, late: [] } };
const PROBLEM = { file: 'a.yaml', line: 3, column: 1, path: 'mode', message: 'is wrong' };

/** A reload that is finished by hand. */
function byHand() {
  const running: { succeed: (summary: string) => void; fail: (error: Error) => void }[] = [];
  let most = 0;
  let now = 0;
  const logger = new RecordingLogger();
  const live = { id: 0, hash: '' };
  const causes: string[] = [];
  const apply = async ({ source }: ReloadCause): Promise<ReloadChanges> => {
    causes.push(source);
    now += 1;
    most = Math.max(most, now);
    try {
      const summary = await new Promise<string>((succeed, fail) => running.push({ succeed, fail }));
      live.id += 1;
      live.hash = `hash ${live.id}`;
      return { ...CHANGES, summary };
    } finally {
      now -= 1;
    }
  };
  const journal = new ReloadJournal(logger);
  const run = async (cause: ReloadCause): Promise<ReloadOutcome> => {
    const reload = journal.begin(cause.source);
    try {
      return journal.succeeded(reload, await apply(cause), live);
    } catch (error) {
      return journal.failed(reload, error, live);
    }
  };
  const start = async (): Promise<ReloadOutcome> =>
    journal.started(journal.begin('start'), await apply({ source: 'start' }), live);
  const queue = new ReloadQueue(run);
  const begun = (count: number) => eventually(() => running.length === count, `${count} reloads began`);
  const counts = () => [...journal.countsBySource()].filter((each) => each.succeeded + each.failed > 0);
  return { queue, journal, start, running, causes, logger, begun, counts, most: () => most };
}

describe('reloads in a queue, and the journal of them', () => {
  it('says what changed, logs and counts it', async () => {
    const { queue, journal, running, logger, begun, counts } = byHand();
    const outcome = queue.reload(FILE);
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
    expect(journal.last).toBe(await outcome);
    expect(journal.lastSuccessAtMs).toBeGreaterThanOrEqual((await outcome).atMs);
    expect(counts()).toEqual([{ source: 'file', succeeded: 1, failed: 0 }]);
    expect(logger.lines).toEqual([
      expect.stringMatching(
        /^info config reloaded {"generation":1,"source":"file","changes":"upstream web changed","duration_ms":[\d.]+}$/,
      ),
    ]);
  });

  it('says why nothing changed and where, and never rejects', async () => {
    const { queue, journal, running, logger, begun, counts } = byHand();
    const outcome = queue.reload(FILE);
    await begun(1);
    running[0]!.fail(new ConfigError([PROBLEM]));
    expect(await outcome).toMatchObject({
      ok: false,
      generation: 0,
      message: 'a.yaml:3:1 mode is wrong',
      problems: [PROBLEM],
    });
    expect(counts()).toEqual([{ source: 'file', succeeded: 0, failed: 1 }]);
    expect(journal.lastSuccessAtMs).toBeUndefined();
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(
      /^error config not reloaded, the running one stays .*"places":"a\.yaml:3:1"/,
    );
  });

  it('keeps the outcome of the start, which is no reload and throws what goes wrong', async () => {
    const { journal, start, running, begun, counts } = byHand();
    const failed = start();
    await begun(1);
    running[0]!.fail(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    const started = start();
    await begun(2);
    running[1]!.succeed('first config');
    expect(await started).toMatchObject({ ok: true, source: 'start', generation: 1 });
    expect(journal.last).toBe(await started);
    expect(counts()).toEqual([]);
  });

  it('runs one after the other, and one for all who ask while one runs', async () => {
    const { queue, running, begun, most } = byHand();
    const first = queue.reload(FILE);
    await begun(1);
    const others = [queue.reload(FILE), queue.reload(FILE), queue.reload(FILE)];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    // Who asks now may have edited after the second one read the file.
    const late = queue.reload(FILE);
    running[1]!.succeed('second');
    expect((await Promise.all(others)).map(({ message }) => message)).toEqual(['second', 'second', 'second']);
    await begun(3);
    running[2]!.succeed('third');
    expect((await late).message).toBe('third');
    expect(running).toHaveLength(3);
    expect(most()).toBe(1);
    const again = queue.reload(FILE);
    await begun(4);
    running[3]!.succeed('fourth');
    await again;
  });

  it('answers who asks for a reload, although the watcher asked too', async () => {
    const { queue, running, causes, begun } = byHand();
    const first = queue.reload(FILE);
    await begun(1);
    const others = [queue.reload(FILE), queue.reload({ source: 'admin' }), queue.reload(FILE)];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    running[1]!.succeed('second');
    await Promise.all(others);
    expect(causes).toEqual(['file', 'admin']);
  });

  it('reads the config when one of those who ask while one runs is about more than plugins', async () => {
    const { queue, running, causes, begun } = byHand();
    const first = queue.reload({ source: 'plugins' });
    await begun(1);
    const others = [queue.reload({ source: 'plugins' }), queue.reload(FILE)];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    const last = [queue.reload(FILE), queue.reload({ source: 'plugins' })];
    running[1]!.succeed('second');
    expect((await Promise.all(others)).map(({ source }) => source)).toEqual(['file', 'file']);
    await begun(3);
    running[2]!.succeed('third');
    await Promise.all(last);
    expect(causes).toEqual(['plugins', 'file', 'file']);
  });

  it('goes on after a failure, also for those who asked meanwhile', async () => {
    const { queue, running, begun, counts } = byHand();
    const first = queue.reload(FILE);
    await begun(1);
    const second = queue.reload(FILE);
    running[0]!.fail(new Error('no'));
    expect((await first).ok).toBe(false);
    await begun(2);
    running[1]!.succeed('yes');
    expect((await second).ok).toBe(true);
    expect(counts()).toEqual([{ source: 'file', succeeded: 1, failed: 1 }]);
  });
});
