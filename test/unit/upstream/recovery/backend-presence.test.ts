import { describe, expect, it } from 'vitest';

import { BalanceError } from '../../../../src/errors.ts';
import type { DialDone, Dialer, PendingDial } from '../../../../src/net/dial/dialer.ts';
import { ProtocolUpstream } from '../../../../src/upstream/group/protocol-upstream.ts';
import { BackendPresence } from '../../../../src/upstream/recovery/backend-presence.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { backendAt, groupOf } from '../../../support/labs/group-lab.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';

/** Connects that last until the test ends them. */
class OpenDials implements Dialer {
  readonly key = 'open';
  readonly dials: DialDone[] = [];

  dial(_to: unknown, done: DialDone): PendingDial {
    this.dials.push(done);
    return { destroy: () => undefined };
  }

  refuse(): void {
    this.dials.at(-1)?.(new BalanceError('connect_failed', 'refused'));
  }
}

function lab() {
  const dialer = new OpenDials();
  const presence = new BackendPresence(backendAt('127.0.0.1:1'), dialer);
  const told: string[] = [];
  const ask = (name: string): void => {
    presence.find((isGone) => void told.push(`${name}: ${String(isGone)}`));
  };
  return { dialer, presence, told, ask };
}

describe('whether a backend is gone', () => {
  it('is found out by one connect, however many ask', () => {
    const { dialer, told, ask } = lab();
    ask('first');
    ask('second');
    expect([dialer.dials.length, told]).toEqual([1, []]);
    dialer.refuse();
    expect(told).toEqual(['first: true', 'second: true']);
  });

  it('is not waited for where packets are lost, though the connect goes on', () => {
    const clock = stoppedClock();
    const { dialer, told, ask } = lab();
    ask('first');
    clock.advance(999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['first: false']);
    ask('second');
    clock.advance(500);
    dialer.refuse();
    expect([dialer.dials.length, told]).toEqual([1, ['first: false', 'second: true']]);
    clock.advance(10_000);
    expect(told).toHaveLength(2);
  });

  it('is told to all who asked, even if one of them throws', async () => {
    const { group, members, faults } = groupOf([await deadAddress()]);
    const { backend } = members[0]!;
    const told: boolean[] = [];
    const upstream = new ProtocolUpstream(group, 'keep-alive', 'test', undefined);
    upstream.findOutIfGone(backend, () => {
      throw new Error('it throws');
    });
    upstream.findOutIfGone(backend, (isGone) => void told.push(isGone));
    await eventually(() => told.length > 0, 'the second one is told');
    expect([told, faults]).toEqual([[true], [new Error('it throws')]]);
  });

  it('is told where the backend is no member any more, whatever who asked does', async () => {
    const { group, faults } = groupOf([]);
    const upstream = new ProtocolUpstream(group, 'keep-alive', 'test', undefined);
    upstream.findOutIfGone(backendAt('127.0.0.1:1'), (isGone) => {
      throw new Error(String(isGone));
    });
    await eventually(() => faults.length > 0, 'it was told');
    expect(faults).toEqual([new Error('false')]);
  });
});
