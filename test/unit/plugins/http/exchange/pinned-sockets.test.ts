import { describe, expect, it } from 'vitest';

import { PinnedSockets } from '../../../../../plugins/http/exchange/pinned-sockets.ts';
import type { Backend, Lease, Upstream } from '../../../../../src/plugin-api/index.ts';

/** A lease that notes what becomes of it. */
function lease(name: string, done: string[], isUsable = true): Lease {
  return {
    backend: { index: 0, name, address: 'a:1' },
    pin: (status: number, idleMs: number) => done.push(`pin ${name} ${status} ${idleMs}`),
    resume: () => isUsable,
    end: (error: unknown, status: number, idleMs: number) =>
      done.push(`end ${name} ${String(error)} ${status} ${idleMs}`),
  } as unknown as Lease;
}

function upstream(name: string, takes = (_backend: Backend): boolean => true): Upstream {
  return { name, takes } as unknown as Upstream;
}

describe('the sockets of one client', () => {
  it('are given out one at a time, and again when they were pinned again', () => {
    const done: string[] = [];
    const pinned = new PinnedSockets();
    const own = lease('a', done);
    pinned.pin('web', own, 200, 1000);
    expect(pinned.take(upstream('other'))).toBeUndefined();
    expect(pinned.take(upstream('web'))).toBe(own);
    expect(pinned.take(upstream('web'))).toBeUndefined();
    pinned.pin('web', own, 200, 2000);
    expect(pinned.take(upstream('web'))).toBe(own);
    pinned.destroy();
    expect(done).toEqual(['pin a 200 1000', 'pin a 200 2000']);
  });

  it('end when the upstream does not take their backend any more, as it left or is unhealthy', () => {
    const done: string[] = [];
    const pinned = new PinnedSockets();
    pinned.pin('web', lease('a', done), 200, 1);
    expect(pinned.take(upstream('web', ({ name }) => name !== 'a'))).toBeUndefined();
    expect(done).toEqual(['pin a 200 1', 'end a undefined 0 0']);
  });

  it('are not given out when they are of no use any more', () => {
    const pinned = new PinnedSockets();
    pinned.pin('web', lease('a', [], false), 200, 1);
    expect(pinned.take(upstream('web'))).toBeUndefined();
  });

  it('end with the client, and the oldest one when they become too many', () => {
    const done: string[] = [];
    const pinned = new PinnedSockets();
    for (let i = 0; i < 17; i++) pinned.pin(`u${String(i)}`, lease(String(i), done), 200, 1);
    expect(done.filter((what) => what.startsWith('end'))).toEqual(['end 0 undefined 0 0']);
    pinned.destroy();
    expect(done.filter((what) => what.startsWith('end'))).toHaveLength(17);
  });
});
