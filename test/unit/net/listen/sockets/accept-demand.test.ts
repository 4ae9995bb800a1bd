import { describe, expect, it } from 'vitest';

import { AcceptDemand } from '../../../../../src/net/listen/sockets/accept-demand.ts';

describe('the demand for further descriptors', () => {
  it('is none while turns are short and newcomers are few', () => {
    const demand = new AcceptDemand();
    for (let nowMs = 0; nowMs < 1_000; nowMs += 10) expect(demand.seen(nowMs, 0.2, 0, 0)).toBe(0);
  });

  it('is high as soon as two turns were long, and for a while after', () => {
    const demand = new AcceptDemand();
    expect(demand.seen(-20, 12, 1, 0)).toBe(0);
    expect(demand.seen(0, 12, 1, 0)).toBe(63);
    expect(demand.seen(1_999, 0.2, 0, 63)).toBe(63);
    expect(demand.seen(2_000, 0.2, 0, 63)).toBe(0);
  });

  it('is none for single long turns, as that of the first request', () => {
    const demand = new AcceptDemand();
    expect([12, 0.2, 12, 0.2].map((turnMs, look) => demand.seen(10 * look, turnMs, 0, 0))).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('stays high when nobody came for a while and the first newcomer finds the turn long', () => {
    const demand = new AcceptDemand();
    for (const nowMs of [0, 20]) demand.seen(nowMs, 12, 1, 0);
    expect(demand.seen(60_000, 12, 1, 63)).toBe(63);
  });

  it('is low when newcomers come in every turn of a storm, and not for a few of them', () => {
    const demand = new AcceptDemand();
    expect([0, 5, 10].map((nowMs) => demand.seen(nowMs, 0.2, 1, 0))).toEqual([0, 0, 7]);
    const other = new AcceptDemand();
    expect([1, 1, 0, 1, 1].map((accepts, look) => other.seen(5 * look, 0.2, accepts, 0))).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('lasts while more than one of them is used in a turn', () => {
    const demand = new AcceptDemand();
    for (const nowMs of [0, 5, 10]) demand.seen(nowMs, 0.2, 1, 0);
    expect(demand.seen(1_500, 0.2, 3, 7)).toBe(7);
    expect(demand.seen(3_000, 0.2, 1, 7)).toBe(7);
    expect(demand.seen(3_500, 0.2, 1, 7)).toBe(0);
  });
});
