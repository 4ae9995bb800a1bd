import { expect, it } from 'vitest';

import { QuietLog } from '../../../src/time/quiet-log.ts';
import { stoppedClock } from '../../support/time/stopped-clock.ts';

it('a quiet log says the first of many, and after the pause how many it left out', () => {
  const clock = stoppedClock();
  const said: object[] = [];
  const log = new QuietLog(10_000);
  const note = (): void => {
    log.note((leftOut) => said.push(leftOut));
  };
  note();
  note();
  clock.advance(9_999);
  note();
  expect(said).toEqual([{}]);
  clock.advance(1);
  note();
  clock.advance(10_000);
  note();
  expect(said).toEqual([{}, { more_before: 2 }, {}]);
});
