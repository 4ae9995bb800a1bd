import { describe, expect, it } from 'vitest';

import { SLOTS_A_PAGE } from '../../../src/shared/slot-pages.ts';
import { SlotTable } from '../../../src/shared/slot-table.ts';
import { WorkerSlots } from '../../../src/shared/worker-slots.ts';
import { LabWakes, sharedSlots } from '../../support/labs/shared-slots.ts';

const NO_LIMIT = Number.POSITIVE_INFINITY;

describe('SlotTable', () => {
  it('keeps the slot of a key over generations, and its counts', () => {
    const { table, slots } = sharedSlots(2, ['a', 'b']);
    const places = slots[0]!.open('a').places();
    places.take(NO_LIMIT);
    const grant = table.grant(2, ['b', 'a', 'c']);
    slots[1]!.follow(2, ['b', 'a', 'c'], { grant, pages: table.buffers, tables: new Map() });
    slots[1]!.commit(2);
    table.release(1);
    expect(slots[1]!.open('a').places().taken).toBe(1);
    expect(slots[1]!.open('c').places().taken).toBe(0);
  });

  it('gives a slot again only when no worker uses it, and with nothing left in it', () => {
    const { table, slots } = sharedSlots(2, ['a']);
    const [slot] = table.grant(2, ['other']);
    const open = slots[0]!.open('a');
    open.places().take(NO_LIMIT);
    open.turn().advance(0, 7);
    open.note = 5;
    table.release(1);
    expect(table.grant(3, ['b'])).not.toContain(open.slot);
    open.close();
    const grant = table.grant(4, ['c']);
    expect(grant).toEqual([open.slot]);
    expect(grant).not.toContain(slot);
    slots[1]!.follow(4, ['c'], { grant, pages: table.buffers, tables: new Map() });
    const next = slots[1]!.open('c');
    expect([next.places().taken, next.turn().read(), next.noteOf(0), next.heldBy(0)]).toEqual([0, 0, 0, 0]);
  });

  it('gives a key that comes back its slot, as long as somebody uses it', () => {
    const { table, slots } = sharedSlots(1, ['a']);
    const open = slots[0]!.open('a');
    table.release(1);
    expect(table.grant(2, ['b', 'a'])[1]).toBe(open.slot);
    open.close();
    table.release(2);
    expect(table.grant(3, ['a', 'b'])).toHaveLength(2);
  });

  it('adds pages as they are needed, which others follow', () => {
    const table = new SlotTable(3, Math.random);
    const keys = Array.from({ length: 2 * SLOTS_A_PAGE + 1 }, (_, number) => `key ${number}`);
    const grant = table.grant(1, keys);
    expect(table.buffers).toHaveLength(3);
    const workers = [0, 1].map((worker) => {
      const slots = new WorkerSlots({ worker, workers: 3, wakes: new LabWakes().of(worker) });
      slots.follow(1, keys, { grant, pages: table.buffers, tables: new Map() });
      return slots;
    });
    for (const key of [keys[0]!, keys[SLOTS_A_PAGE]!, keys.at(-1)!]) {
      workers[0]!.open(key).places().take(NO_LIMIT);
      expect(workers[1]!.open(key).places().taken).toBe(1);
    }
  });

  it('opens what the live generation and prepared ones have, and nothing else', () => {
    const { table, slots } = sharedSlots(1, ['a']);
    const [own] = slots;
    own!.follow(2, ['b'], { grant: table.grant(2, ['b']), pages: table.buffers, tables: new Map() });
    expect([own!.has('a'), own!.has('b')]).toEqual([true, true]);
    own!.abort(2);
    expect(own!.has('b')).toBe(false);
    expect(() => own!.open('b')).toThrow(RangeError);
    expect(own!.places('b')).toBeUndefined();
    own!.follow(3, ['c'], { grant: table.grant(3, ['c']), pages: table.buffers, tables: new Map() });
    own!.commit(3);
    expect([own!.has('a'), own!.has('c')]).toEqual([false, true]);
  });
});
