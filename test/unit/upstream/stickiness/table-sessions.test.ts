import { describe, expect, it } from 'vitest';

import { clientNetwork } from '../../../../src/upstream/stickiness/client-network.ts';
import { sessionMemory, SessionTable } from '../../../../src/upstream/stickiness/session-table.ts';
import { TableSessions } from '../../../../src/upstream/stickiness/table-sessions.ts';

const TTL_SECONDS = 60;

interface Fake {
  readonly id: string;
  takesSessions: boolean;
}

class Lab {
  now = 1_000;
  readonly members = ['a', 'b', 'c'].map((id): Fake => ({ id, takesSessions: true }));
  readonly memory: SharedArrayBuffer;

  constructor(size = 1_000) {
    this.memory = sessionMemory(size);
  }

  /** As one worker has it. */
  sessions(members = this.members): TableSessions<Fake> {
    const rules = { ttlSeconds: TTL_SECONDS, nameOf: (value: string) => value };
    const sessions = new TableSessions<Fake>(new SessionTable(this.memory), rules, () => this.now);
    sessions.follow(members);
    return sessions;
  }
}

describe('a table of sessions', () => {
  it('remembers clients for all workers, over other orders of the members', () => {
    const lab = new Lab();
    const [one, other] = [lab.sessions(), lab.sessions([...lab.members].reverse())];
    for (let client = 0; client < 300; client++) {
      const member = lab.members[client % 3]!;
      expect(one.assign(`client ${String(client)}`, member)).toMatchObject({ outcome: 'new' });
    }
    for (let client = 0; client < 300; client++)
      expect(other.memberOf(`client ${String(client)}`, true)?.id).toBe('abc'[client % 3]);
    expect(other.memberOf('stranger', true)).toBeUndefined();
    expect(other.table.used).toBe(300);
  });

  it('moves a client whose member may not serve it, and says so', () => {
    const lab = new Lab();
    const sessions = lab.sessions();
    const [a, b] = lab.members;
    sessions.assign('client', a!);
    a!.takesSessions = false;
    expect(sessions.memberOf('client', true)).toBeUndefined();
    expect(sessions.assign('client', b!)).toMatchObject({ outcome: 'moved' });
    a!.takesSessions = true;
    expect(sessions.memberOf('client', true)).toBe(b);
    expect(sessions.table.used).toBe(1);
  });

  it('forgets a client that was away for too long, and not one that was only asked about', () => {
    const lab = new Lab();
    const sessions = lab.sessions();
    sessions.assign('here', lab.members[0]!);
    sessions.assign('asked about', lab.members[0]!);
    lab.now += TTL_SECONDS;
    expect(sessions.memberOf('here', true)?.id).toBe('a');
    expect(sessions.memberOf('asked about', false)?.id).toBe('a');
    lab.now += 1;
    expect(sessions.memberOf('here', true)?.id).toBe('a');
    expect(sessions.memberOf('asked about', true)).toBeUndefined();
  });

  it('does not grow, and forgets who was away longest', () => {
    const lab = new Lab(100);
    const sessions = lab.sessions();
    for (let client = 0; client < 10_000; client++) {
      lab.now = 1_000 + Math.floor(client / 1_000);
      sessions.assign(String(client), lab.members[client % 3]!);
    }
    const { used, size, forgotten } = sessions.table;
    expect(used).toBe(size);
    expect(forgotten).toBe(10_000 - size);
    let known = 0;
    for (let client = 9_000; client < 10_000; client++)
      if (sessions.memberOf(String(client), false) !== undefined) known += 1;
    expect(known).toBe(size);
  });

  it('knows nobody whose backend is gone', () => {
    const lab = new Lab();
    lab.sessions().assign('client', lab.members[0]!);
    const after = lab.sessions(lab.members.slice(1));
    expect(after.memberOf('client', true)).toBeUndefined();
    expect(after.assign('client', lab.members[1]!)).toMatchObject({ outcome: 'new' });
    expect(after.memberOf('client', true)?.id).toBe('b');
  });

  it('does not keep who has no name', () => {
    const lab = new Lab();
    expect(lab.sessions().assign(undefined, lab.members[0]!)).toBeUndefined();
  });
});

describe('the network of a client', () => {
  it.each([
    [32, 64, '10.1.2.3', '10.1.2.3', true],
    [32, 64, '10.1.2.3', '10.1.2.4', false],
    [24, 64, '10.1.2.3', '10.1.2.200', true],
    [24, 64, '10.1.2.3', '10.1.3.3', false],
    [20, 64, '10.1.17.3', '10.1.30.3', true],
    [32, 64, '2001:db8::1', '2001:db8::ffff:1', true],
    [32, 64, '2001:db8::1', '2001:db8:0:1::1', false],
    [32, 128, '2001:db8::1', '2001:db8:0::0:1', true],
    [32, 64, 'fe80::1%eth0', 'fe80::2', true],
    [32, 64, '', '', true],
  ])('/%i and /%i: %s and %s', (v4, v6, one, other, isSame) => {
    const networkOf = clientNetwork(v4, v6);
    expect(networkOf(one) === networkOf(other)).toBe(isSame);
  });
});
