import { describe, expect, it } from 'vitest';

import { TimeSlicer } from '../../../src/time/time-slicer.ts';
import { applyLab } from '../../support/labs/apply-lab.ts';
import { stoppedClock } from '../../support/time/stopped-clock.ts';

describe('the time slicer', () => {
  it('let others have their turn while long work goes on', async () => {
    const clock = stoppedClock();
    const order: string[] = [];
    setImmediate(() => order.push('somebody else'));
    await new TimeSlicer().forEach([1, 2], (item) => {
      clock.advance(10);
      order.push(`item ${item}`);
    });
    expect(order).toEqual(['item 1', 'somebody else', 'item 2']);
  });

  it('let others have their turn between the steps of long work, and give what comes of it', async () => {
    const clock = stoppedClock();
    const order: string[] = [];
    function* work() {
      for (const step of [1, 2]) {
        clock.advance(10);
        order.push(`step ${step}`);
        yield;
      }
      return 'done';
    }
    setImmediate(() => order.push('somebody else'));
    expect(await new TimeSlicer().finish(work())).toBe('done');
    expect(order).toEqual(['step 1', 'somebody else', 'step 2']);
  });

  it('take work that is short at one go', async () => {
    stoppedClock();
    const order: string[] = [];
    setImmediate(() => order.push('somebody else'));
    await new TimeSlicer().forEach([1, 2, 3], (item) => order.push(`item ${item}`));
    expect(order).toEqual(['item 1', 'item 2', 'item 3']);
  });
});

describe('a large edit', () => {
  it('is built in many turns of the event loop', async () => {
    const lab = applyLab();
    const yaml = (weight: number): string => `
listen: '127.0.0.1:0'
mode: http
connection_pool: { min_idle: 0 }
backends:
${Array.from({ length: 1_000 }, (_, at) => `  - { name: b${at}, address: '127.0.0.1:${1_000 + at}', weight: ${weight} }\n`).join('')}`;
    await lab.edit(yaml(1));
    let turns = 0;
    let on = true;
    const turn = (): void => {
      turns += 1;
      if (on) setImmediate(turn);
    };
    turn();
    await lab.edit(yaml(2));
    on = false;
    expect(turns).toBeGreaterThan(2);
    expect(lab.held).toMatchObject({ backends: 1_000, pools: 1_000 });
  });
});
