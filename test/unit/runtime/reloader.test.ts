import { describe, expect, it } from 'vitest';

import { Reloader } from '../../../src/runtime/reloader.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

/** A reload that is finished by hand. */
function byHand() {
  const running: { succeed: (changes: string) => void; fail: (error: Error) => void }[] = [];
  let most = 0;
  let now = 0;
  const logger = new RecordingLogger();
  const reloader = new Reloader(async () => {
    now += 1;
    most = Math.max(most, now);
    try {
      return await new Promise<string>((succeed, fail) => running.push({ succeed, fail }));
    } finally {
      now -= 1;
    }
  }, logger);
  const begun = (count: number) => eventually(() => running.length === count, `${count} reloads began`);
  return { reloader, running, logger, begun, most: () => most };
}

describe('the reloader', () => {
  it('says what changed, logs and counts it', async () => {
    const { reloader, running, logger, begun } = byHand();
    const outcome = reloader.reload();
    await begun(1);
    running[0]!.succeed('upstream web changed');
    expect(await outcome).toEqual({ ok: true, message: 'upstream web changed' });
    expect(reloader.counts).toEqual({ succeeded: 1, failed: 0, lastSucceeded: true });
    expect(logger.lines).toEqual(['info config reloaded {"changes":"upstream web changed"}']);
  });

  it('says why nothing changed, and never rejects', async () => {
    const { reloader, running, logger, begun } = byHand();
    const outcome = reloader.reload();
    await begun(1);
    running[0]!.fail(new Error('a.yaml:3:1 mode is wrong'));
    expect(await outcome).toEqual({ ok: false, message: 'a.yaml:3:1 mode is wrong' });
    expect(reloader.counts).toEqual({ succeeded: 0, failed: 1, lastSucceeded: false });
    expect(logger.lines.join()).toContain('a.yaml:3:1');
  });

  it('runs one after the other, and one for all who ask while one runs', async () => {
    const { reloader, running, begun, most } = byHand();
    const first = reloader.reload();
    await begun(1);
    const others = [reloader.reload(), reloader.reload(), reloader.reload()];
    running[0]!.succeed('first');
    await first;
    await begun(2);
    // Who asks now may have edited after the second one read the file.
    const late = reloader.reload();
    running[1]!.succeed('second');
    expect((await Promise.all(others)).map(({ message }) => message)).toEqual(['second', 'second', 'second']);
    await begun(3);
    running[2]!.succeed('third');
    expect((await late).message).toBe('third');
    expect(running).toHaveLength(3);
    expect(most()).toBe(1);
    const again = reloader.reload();
    await begun(4);
    running[3]!.succeed('fourth');
    await again;
  });

  it('goes on after a failure, also for those who asked meanwhile', async () => {
    const { reloader, running, begun } = byHand();
    const first = reloader.reload();
    await begun(1);
    const second = reloader.reload();
    running[0]!.fail(new Error('no'));
    expect((await first).ok).toBe(false);
    await begun(2);
    running[1]!.succeed('yes');
    expect((await second).ok).toBe(true);
    expect(reloader.counts).toEqual({ succeeded: 1, failed: 1, lastSucceeded: true });
  });
});
