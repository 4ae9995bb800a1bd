import { expect, it } from 'vitest';

import { OutlierWatch } from '../../../../../src/upstream/group/outliers/outlier-watch.ts';
import type { PassiveRules } from '../../../../../src/upstream/group/outliers/passive-rules.ts';
import type { Member } from '../../../../../src/upstream/group/member.ts';
import { Ejection, type EjectionWords } from '../../../../../src/upstream/standing/ejection.ts';
import { NO_WAKES, OwnNumber } from '../../../../../src/upstream/standing/standing-words.ts';
import { owned } from '../../../../support/owned.ts';

const RULES: PassiveRules = {
  times: { baseMs: 30_000, maxMs: 300_000, forgiveMs: 10_000 },
  consecutiveFailures: 1,
  errorRate: 1,
  minRequests: 100,
  windowMs: 10_000,
  maxEjectionPercent: 100,
  successRate: undefined,
  latency: undefined,
};

/** The words of a backend's ejection, over which wakes come late. */
function lateWords(): EjectionWords {
  return {
    failures: new OwnNumber(),
    until: new OwnNumber(),
    count: new OwnNumber(),
    wakes: NO_WAKES,
    close: () => undefined,
  };
}

/** The backends with these words in one worker, and what it ejects. */
function workerWith(words: readonly EjectionWords[]) {
  const members = words.map((own): Member => {
    const ejection = owned(
      new Ejection({
        times: RULES.times,
        clock: { now: () => 1 },
        words: own,
        observer: { ejected: () => undefined, returned: () => undefined },
      }),
    );
    const member = {
      ejection,
      isTakenOut: false,
      up: true,
      get sound() {
        return !ejection.isOut;
      },
    };
    return member as unknown as Member;
  });
  const watch = owned(new OutlierWatch(RULES, () => undefined));
  watch.watch(members);
  return { members, fail: (at: number) => watch.checksOf(members[at]!)?.ended('backend_reset', 0) };
}

it('never ejects the last backend, even if another worker has just ejected the others', () => {
  const words = [lateWords(), lateWords()];
  const [one, other] = [workerWith(words), workerWith(words)];
  one.fail(0);
  other.fail(1);
  expect([one.members[0]!.ejection?.isOut, other.members[1]!.ejection?.isOut]).toEqual([true, false]);
});

it('does not count ten thousand members again for each of them that fails while none may be ejected', () => {
  let looks = 0;
  const members = Array.from({ length: 10_000 }, (): Member => {
    const ejection = owned(
      new Ejection({
        times: RULES.times,
        clock: { now: () => 1 },
        words: lateWords(),
        observer: { ejected: () => undefined, returned: () => undefined },
      }),
    );
    const member = {
      ejection,
      get isTakenOut() {
        looks += 1;
        return false;
      },
      up: true,
      sound: true,
    };
    return member as unknown as Member;
  });
  const spared: Member[] = [];
  const watch = owned(new OutlierWatch({ ...RULES, maxEjectionPercent: 0 }, (member) => spared.push(member)));
  watch.watch(members);
  for (const member of members) watch.checksOf(member)?.ended('backend_reset', 0);
  expect(spared).toHaveLength(10_000);
  expect(looks).toBeLessThan(100 * 10_000);
});
