import { describe, expect, it } from 'vitest';

import { AddressRotation } from '../../../../src/net/dns/address-rotation.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';

const ALL = ['a', 'b', 'c'];

describe('the addresses of a name', () => {
  it('come first one after the other, each with all others behind it', () => {
    const turns = new AddressRotation();
    const orders = Array.from({ length: 4 }, () => turns.order(ALL).join(''));
    expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('have turns of their own for one who asks by himself, as a health check does', () => {
    const turns = new AddressRotation();
    const own = { next: 0 };
    expect([turns.order(ALL), turns.order(ALL, own), turns.order(ALL)].map(([first]) => first)).toEqual([
      'a',
      'a',
      'b',
    ]);
  });

  it('come last for half a minute after one could not be connected to, or until it could', () => {
    const clock = stoppedClock();
    const turns = new AddressRotation();
    turns.failed('a');
    expect(turns.order(ALL)).toEqual(['b', 'c', 'a']);
    turns.worked('a');
    expect(turns.order(ALL, { next: 0 })).toEqual(ALL);
    turns.failed('a');
    clock.advance(29_999);
    expect(turns.order(ALL, { next: 0 })).toEqual(['b', 'c', 'a']);
    clock.advance(1);
    expect(turns.order(ALL, { next: 0 })).toEqual(ALL);
  });

  it('are all tried where none could be connected to', () => {
    const turns = new AddressRotation();
    for (const address of ALL) turns.failed(address);
    expect(turns.order(ALL)).toEqual(ALL);
  });

  it('are forgotten when the name has them no more', () => {
    const turns = new AddressRotation();
    turns.failed('a');
    turns.keep(['b', 'c']);
    expect(turns.order(ALL, { next: 0 })).toEqual(ALL);
  });
});
