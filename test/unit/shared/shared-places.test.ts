import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sharedSlots } from '../../support/labs/shared-slots.ts';

function placesOf(workers: number) {
  const { table, slots } = sharedSlots(workers, ['backend b']);
  return { table, places: slots.map((one) => one.open('backend b').places()) };
}

describe('SharedPlaces', () => {
  it('gives no more places than the limit, whoever asks', () => {
    const [a, b] = placesOf(2).places;
    expect([a!.take(2), b!.take(2), a!.take(2), b!.take(2)]).toEqual([true, true, false, false]);
    expect(a!.taken).toBe(2);
    b!.release();
    expect(a!.take(2)).toBe(true);
    expect(b!.taken).toBe(2);
  });

  it('gives none after the limit was lowered until fewer are taken, and counts what is taken without a limit', () => {
    const [a, b] = placesOf(2).places;
    for (let count = 0; count < 5; count++) expect(a!.take(Number.POSITIVE_INFINITY)).toBe(true);
    expect(b!.take(3)).toBe(false);
    for (let count = 0; count < 3; count++) a!.release();
    expect(b!.take(3)).toBe(true);
    expect(b!.take(3)).toBe(false);
    expect(b!.take(4)).toBe(true);
  });

  it('gives back what it holds when it is closed, and counts nothing more', () => {
    const [a, b] = placesOf(2).places;
    a!.take(3);
    a!.take(3);
    b!.take(3);
    a!.close();
    expect(b!.taken).toBe(1);
    a!.release();
    expect(a!.take(1)).toBe(true);
    a!.close();
    expect(b!.taken).toBe(1);
  });

  it('counts exactly, whatever is taken and given back, and by whichever worker, also where one ends', () => {
    const step = fc.record({
      worker: fc.nat({ max: 2 }),
      limit: fc.integer({ min: 1, max: 6 }),
      act: fc.constantFrom('take', 'take', 'release', 'end'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { table, places } = placesOf(3);
        const held = [0, 0, 0];
        for (const { worker, limit, act } of steps) {
          const all = held.reduce((sum, count) => sum + count, 0);
          if (act === 'take') {
            const isTaken = places[worker]!.take(limit);
            expect(isTaken).toBe(all < limit);
            if (isTaken) held[worker]! += 1;
          } else if (act === 'release') {
            if (held[worker] === 0) continue;
            places[worker]!.release();
            held[worker]! -= 1;
          } else {
            expect(table.reclaim(worker)).toBe(held[worker]);
            held[worker] = 0;
          }
          expect(places[0]!.taken).toBe(held.reduce((sum, count) => sum + count, 0));
        }
      }),
    );
  });
});
