import { describe, expect, it } from 'vitest';

import { PanicShare } from '../../../../src/upstream/sharing/panic-share.ts';
import { sharedPanic } from '../../../../src/upstream/sharing/standing-share.ts';
import { sharedSlots } from '../../../support/labs/shared-slots.ts';

const KEY = 'panic web';

/** The panics of one upstream in two workers, and what both of them told. */
function panics() {
  const { slots, table } = sharedSlots(2, [KEY]);
  const told: string[] = [];
  const [one, two] = slots.map(
    (own) =>
      new PanicShare(sharedPanic(own.open(KEY)), (isPanic, sound, all) => {
        told.push(`${isPanic ? 'panic' : 'calm'} ${sound}/${all}`);
      }),
  );
  return { one: one!, two: two!, told, table };
}

describe('a panic of an upstream', () => {
  it('is told once, when the first worker sees it and when the last one sees its end', () => {
    const { one, two, told } = panics();
    const [first, second] = [one.join(), two.join()];
    first.panicChanged(true, 0, 2);
    second.panicChanged(true, 0, 2);
    expect(told).toEqual(['panic 0/2']);
    first.panicChanged(false, 2, 2);
    expect(told).toEqual(['panic 0/2']);
    second.panicChanged(false, 2, 2);
    expect(told).toEqual(['panic 0/2', 'calm 2/2']);
  });

  it('is not told again when an edit brings other checks, of which one worker hears after the other', () => {
    const { one, two, told } = panics();
    const before = [one.join(), two.join()];
    for (const group of before) group.panicChanged(true, 0, 2);
    for (const [at, worker] of [one, two].entries()) {
      const group = worker.join();
      // Other checks begin with another state.
      group.panicChanged(false, 2, 2);
      before[at]!.ended();
      group.panicChanged(true, 0, 2);
    }
    expect(told).toEqual(['panic 0/2']);
  });

  it('is over when an edit has left all groups that panic', () => {
    const { one, two, told } = panics();
    const before = [one.join(), two.join()];
    for (const group of before) group.panicChanged(true, 0, 2);
    for (const worker of [one, two]) worker.join().panicChanged(false, 3, 3);
    expect(told).toEqual(['panic 0/2']);
    for (const group of before) group.ended();
    expect(told).toEqual(['panic 0/2', 'calm 3/3']);
  });

  it('is not told of an upstream that has left the config', () => {
    const { one, two, told } = panics();
    const groups = [one.join(), two.join()];
    for (const group of groups) group.panicChanged(true, 0, 2);
    for (const group of groups) group.ended();
    groups[0]!.panicChanged(true, 0, 2);
    expect(told).toEqual(['panic 0/2']);
    one.join().panicChanged(true, 1, 3);
    expect(told).toEqual(['panic 0/2', 'panic 1/3']);
  });

  it('does not go on in a worker that has ended', () => {
    const { one, two, told, table } = panics();
    one.join().panicChanged(true, 0, 2);
    const lives = two.join();
    lives.panicChanged(true, 0, 2);
    table.reclaim(0);
    lives.panicChanged(false, 2, 2);
    expect(told).toEqual(['panic 0/2', 'calm 2/2']);
  });
});
