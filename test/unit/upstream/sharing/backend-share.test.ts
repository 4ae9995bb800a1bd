import { describe, expect, it } from 'vitest';

import { BackendShare } from '../../../../src/upstream/sharing/backend-share.ts';
import { sharedSlots } from '../../../support/labs/shared-slots.ts';

const KEY = 'backend web 127.0.0.1:80';

function shares() {
  const { slots, wakes, table } = sharedSlots(2, [KEY]);
  return { slots, wakes, table, shares: slots.map((own) => new BackendShare(own.open(KEY), own)) };
}

describe('what a backend shares with other workers', () => {
  it('wakes a worker in which a lease rests, when another one needs its place', () => {
    const {
      shares: [one, two],
      wakes,
    } = shares();
    expect(one!.askForRoom()).toBe(false);
    two!.noteResting(1);
    expect(one!.askForRoom()).toBe(true);
    expect(wakes.sent).toEqual([{ worker: 1, topic: 0 }]);
    two!.noteResting(0);
    expect(one!.askForRoom()).toBe(false);
  });

  it('asks nobody who has closed it while leases rested', () => {
    const {
      shares: [one, two],
    } = shares();
    two!.noteResting(2);
    two!.close();
    expect(one!.askForRoom()).toBe(false);
  });

  it('says nothing in the words of another backend, when its leases rest for longer than it is used', () => {
    const {
      shares: [one, two],
      slots,
      table,
    } = shares();
    two!.noteResting(2);
    one!.close();
    two!.close();
    table.release(1);
    const grant = table.grant(2, ['backend other 127.0.0.1:81']);
    expect(grant).toEqual([0]);
    const own = slots[0]!;
    own.follow(2, ['backend other 127.0.0.1:81'], { grant, pages: table.buffers, tables: new Map() });
    const other = own.open('backend other 127.0.0.1:81');
    two!.noteResting(1);
    expect(other.noteOf(1)).toBe(0);
  });
});
