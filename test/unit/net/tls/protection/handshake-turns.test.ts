import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { HandshakeTurns } from '../../../../../src/net/tls/protection/handshake-turns.ts';

/** Turns of a clock that only goes on when work says so. */
function lab(budgetMs: number) {
  let nowMs = 0;
  const busy = (ms: number): void => void (nowMs += ms);
  return { turns: new HandshakeTurns(budgetMs, () => nowMs), busy };
}

it('runs cheap work at once', () => {
  const turns = new HandshakeTurns();
  const done: number[] = [];
  for (let index = 0; index < 10; index += 1) turns.run(() => done.push(index));
  expect(done).toHaveLength(10);
  expect(turns.waiting).toBe(0);
});

it('leaves expensive work to later turns, in its order, and other work runs in between', async () => {
  const { turns, busy } = lab(4);
  const done: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    turns.run(() => {
      busy(3);
      done.push(`handshake ${index}`);
    });
  }
  expect(done).toEqual(['handshake 0', 'handshake 1']);
  expect(turns.waiting).toBe(4);
  while (turns.waiting > 0) {
    await nextTurn();
    done.push('turn');
  }
  expect(done.filter((what) => what !== 'turn')).toEqual(
    [0, 1, 2, 3, 4, 5].map((index) => `handshake ${index}`),
  );
  expect(done.indexOf('turn')).toBeLessThan(done.indexOf('handshake 5'));
});

it('does not run what was cancelled, and what comes later waits behind what waits', async () => {
  const { turns, busy } = lab(1);
  const done: string[] = [];
  const second = (): void => void done.push('second');
  turns.run(() => {
    busy(2);
    done.push('first');
  });
  turns.run(second);
  turns.run(() => done.push('third'));
  turns.cancel(second);
  expect(done).toEqual(['first']);
  while (turns.waiting > 0) await nextTurn();
  expect(done).toEqual(['first', 'third']);
});
