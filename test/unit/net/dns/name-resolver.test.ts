import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import {
  NOTHING_TO_ASK_WITH,
  type DnsClient,
  type Family,
  type FamilyAnswer,
} from '../../../../src/net/dns/sources/dns-client.ts';
import { NameResolver } from '../../../../src/net/dns/name-resolver.ts';
import { DEFAULT_RESOLVER_SETTINGS } from '../../../../src/net/dns/resolver-settings.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';

interface Question {
  readonly name: string;
  readonly family: Family;
  readonly answered: (answer: FamilyAnswer) => void;
}

/** A client whose questions a test answers. */
class AskedClient implements DnsClient {
  readonly open: Question[] = [];
  /** All names that were ever asked for, once for both families. */
  readonly names: string[] = [];
  isClosed = false;

  ask(name: string, family: Family, answered: (answer: FamilyAnswer) => void): void {
    this.open.push({ name, family, answered });
    if (family === 4) this.names.push(name);
  }

  close(): void {
    this.isClosed = true;
  }

  /** Answers both families of the oldest open look-up; the other family has no address. */
  answer(addresses: readonly string[], ttlMs = 60_000): void {
    for (const { family, answered } of this.open.splice(0, 2)) {
      const mine = addresses.filter((address) => address.includes(':') === (family === 6));
      answered(mine.length === 0 ? { kind: 'absent' } : { kind: 'found', addresses: mine, ttlMs });
    }
  }

  absent(): void {
    this.answer([]);
  }

  fail(reason = 'SERVFAIL', silent = false): void {
    for (const { answered } of this.open.splice(0, 2)) answered({ kind: 'failed', reason, silent });
  }

  /** Answers one family of the oldest open look-up. */
  answerFamily(family: Family, answer: FamilyAnswer): void {
    const index = this.open.findIndex((question) => question.family === family);
    this.open.splice(index, 1)[0]?.answered(answer);
  }
}

interface LabOptions {
  readonly hosts?: string;
  readonly resolvConf?: string;
}

/** A resolver on a clock that a test puts forward. */
function lab({ hosts = '', resolvConf = 'nameserver 10.0.0.53\nsearch\n' }: LabOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'balance-names-'));
  const files = { hosts: join(directory, 'hosts'), resolvConf: join(directory, 'resolv.conf') };
  writeFileSync(files.hosts, hosts);
  writeFileSync(files.resolvConf, resolvConf);
  const clock = stoppedClock();
  const logger = new RecordingLogger();
  const clients: AskedClient[] = [];
  const resolver = owned(
    new NameResolver({
      logger,
      chance: () => 0,
      hostsFile: files.hosts,
      resolvConfFile: files.resolvConf,
      makeClient: () => {
        const client = new AskedClient();
        clients.push(client);
        return client;
      },
    }),
  );
  owned({ close: () => rmSync(directory, { recursive: true }) });
  return {
    clock,
    resolver,
    logger,
    files,
    clients,
    /** What is asked now. */
    dns(): AskedClient {
      const last = clients.at(-1);
      if (last === undefined) throw new Error('nothing was asked');
      return last;
    },
    /** What a look-up brings at once; undefined while it waits. */
    now(host: string): string | undefined {
      let told: string | undefined;
      resolver.lookUp(host, (addresses, failure) => {
        told = addresses.length > 0 ? addresses.join(' ') : `none: ${failure ?? ''}`;
      })();
      return told;
    },
    /** What a look-up brings, also later. */
    ask(host: string): { told: string[] } {
      const told: string[] = [];
      resolver.lookUp(host, (addresses, failure) => {
        told.push(addresses.length > 0 ? addresses.join(' ') : `none: ${failure ?? ''}`);
      });
      return { told };
    },
    /** Holds a name; gives the addresses that it was told of. */
    hold(host: string) {
      const told: string[] = [];
      const held = resolver.hold(host, () => told.push(held.record.addresses.join(' ')));
      return { told, held };
    },
  };
}

describe('a host name', () => {
  it('is asked for once, whoever asks meanwhile, and kept for its time to live', () => {
    const { ask, client, now, clock } = withQuestion('shop.test');
    const second = ask('Shop.test');
    expect(client.names).toEqual(['shop.test']);
    client.answer(['10.0.0.1'], 60_000);
    expect(second.told).toEqual(['10.0.0.1']);
    clock.advance(59_000);
    expect(now('shop.test')).toBe('10.0.0.1');
    clock.advance(1_001);
    expect(now('shop.test')).toBeUndefined();
    expect(client.names).toHaveLength(2);
  });

  it.each([
    ['a floor', 0, 5_000],
    ['a ceiling', 86_400_000, 300_000],
  ])('has %s for its time to live', (_which, ttlMs, keptForMs) => {
    const { client, now, clock } = withQuestion('shop.test');
    client.answer(['10.0.0.1'], ttlMs);
    clock.advance(keptForMs - 1);
    expect(now('shop.test')).toBe('10.0.0.1');
    clock.advance(2);
    expect(now('shop.test')).toBeUndefined();
  });

  it('is refreshed in the background while somebody holds it, and tells of other addresses', () => {
    const { resolver, hold, clock, now, ...rest } = lab();
    const { told, held } = hold('shop.test');
    rest.dns().answer(['10.0.0.1'], 60_000);
    clock.advance(60_000);
    expect(rest.dns().names).toHaveLength(2);
    expect(now('shop.test')).toBe('10.0.0.1');
    rest.dns().answer(['10.0.0.2'], 60_000);
    expect(told).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(rest.logger.lines.join('\n')).toContain('host name has other addresses');
    held.release();
    clock.advance(600_000);
    expect(rest.dns().names).toHaveLength(2);
    expect(resolver.records()).toEqual([]);
  });

  it('that nobody holds any more is not told of, whatever is answered later, and may come back', () => {
    const { resolver, hold, ...rest } = lab();
    const { held } = hold('old.test');
    const late = rest.dns().open.splice(0);
    held.release();
    const { held: anew, told } = hold('old.test');
    held.release();
    expect(resolver.records()).toEqual([anew.record]);
    for (const { answered } of late) answered({ kind: 'failed', reason: 'SERVFAIL', silent: false });
    expect(rest.logger.lines).toEqual([]);
    rest.dns().answer(['10.0.0.1']);
    expect(told).toEqual(['10.0.0.1']);
  });

  it('does not change when the same addresses come in another order', () => {
    const { hold, clock, ...rest } = lab();
    const { told } = hold('shop.test');
    rest.dns().answer(['10.0.0.1', '10.0.0.2']);
    clock.advance(60_000);
    rest.dns().answer(['10.0.0.2', '10.0.0.1']);
    expect(told).toEqual(['10.0.0.1 10.0.0.2']);
  });

  it('has its families by turns', () => {
    const { client, ask, clock } = withQuestion('shop.test');
    client.answer(['10.0.0.1', '10.0.0.2', '2001:db8::1']);
    expect(ask('shop.test').told).toEqual(['10.0.0.1 2001:db8::1 10.0.0.2']);
    clock.advance(0);
  });

  it('does not wait for the family that is not answered', () => {
    const { client, clock, first } = withQuestion('shop.test');
    client.answerFamily(4, { kind: 'found', addresses: ['10.0.0.1'], ttlMs: 60_000 });
    expect(first.told).toEqual([]);
    clock.advance(50);
    expect(first.told).toEqual(['10.0.0.1']);
  });

  it('keeps the addresses of a family that can not be asked now', () => {
    const { hold, clock, now, ...rest } = lab();
    hold('shop.test');
    rest.dns().answer(['10.0.0.1', '2001:db8::1']);
    clock.advance(60_000);
    rest.dns().answerFamily(4, { kind: 'found', addresses: ['10.0.0.2'], ttlMs: 60_000 });
    rest.dns().answerFamily(6, { kind: 'failed', reason: 'SERVFAIL', silent: false });
    expect(now('shop.test')).toBe('10.0.0.2 2001:db8::1');
  });
});

describe('name servers that fail', () => {
  it('leave the last good answer in use for ever, and the log says so once', () => {
    const { hold, clock, now, resolver, ...rest } = lab();
    hold('shop.test');
    rest.dns().answer(['10.0.0.1']);
    for (let round = 0; round < 200; round++) {
      clock.advance(60_000);
      rest.dns().fail('no name server answered in time', true);
    }
    expect(now('shop.test')).toBe('10.0.0.1');
    const [record] = resolver.records();
    expect(record).toMatchObject({ failure: 'no name server answered in time', counts: { found: 1 } });
    expect(record?.failingSinceMs).toBeDefined();
    const lines = rest.logger.lines.filter((line) => line.includes('host name'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('its last addresses stay in use');
    clock.advance(60_000);
    rest.dns().answer(['10.0.0.1']);
    expect(rest.logger.lines.at(-1)).toContain('host name resolves again');
    expect(record?.failure).toBeUndefined();
  });

  it('count as failed after a time also where they say nothing at all, and a late answer is taken', () => {
    const { first, client, clock, now } = withQuestion('shop.test');
    clock.advance(5_000);
    expect(first.told).toEqual(['none: no name server has answered yet']);
    client.answer(['10.0.0.1']);
    expect(now('shop.test')).toBe('10.0.0.1');
  });

  it('let nobody wait again for a name that is known to fail', () => {
    const { hold, clock, now, ...rest } = lab();
    hold('dead.test');
    rest.dns().fail();
    expect(now('dead.test')).toBe('none: SERVFAIL');
    expect(rest.dns().names).toHaveLength(1);
    clock.advance(1_001);
    expect(now('dead.test')).toBe('none: SERVFAIL');
    expect(rest.dns().names).toHaveLength(2);
  });

  it('are asked less and less often for a name that nobody uses', () => {
    const { hold, clock, ...rest } = lab();
    hold('dead.test');
    rest.dns().fail();
    const begun: number[] = [];
    for (let second = 0; second < 120; second++) {
      clock.advance(1_000);
      if (rest.dns().open.length === 0) continue;
      begun.push(second);
      rest.dns().fail();
    }
    expect(begun.length).toBeGreaterThan(4);
    expect(begun.length).toBeLessThan(12);
  });
});

describe('a name that is gone', () => {
  it('keeps its addresses for the hold time and loses them then', () => {
    const { hold, clock, now, ...rest } = lab();
    const { told } = hold('shop.test');
    rest.dns().answer(['10.0.0.1']);
    clock.advance(60_000);
    rest.dns().absent();
    expect(now('shop.test')).toBe('10.0.0.1');
    for (let second = 0; second < 35; second++) {
      clock.advance(1_000);
      if (rest.dns().open.length > 0) rest.dns().absent();
      if (second < 29) expect(now('shop.test'), String(second)).toBe('10.0.0.1');
    }
    expect(now('shop.test')).toMatch(/^none: the name does not exist/);
    expect(told).toEqual(['10.0.0.1', '']);
    expect(rest.logger.lines.join('\n')).toContain('host name is gone');
  });

  it('is there again with its next answer', () => {
    const { hold, clock, now, ...rest } = lab();
    hold('shop.test');
    rest.dns().absent();
    expect(now('shop.test')).toMatch(/^none/);
    clock.advance(1_100);
    rest.dns().answer(['10.0.0.7']);
    expect(now('shop.test')).toBe('10.0.0.7');
  });

  it('does not begin its hold time anew where servers fail in between', () => {
    const { hold, clock, now, ...rest } = lab();
    hold('shop.test');
    rest.dns().answer(['10.0.0.1']);
    clock.advance(60_000);
    rest.dns().absent();
    clock.advance(1_100);
    rest.dns().fail();
    // Servers that fail say nothing about the name, so that it is held on.
    clock.advance(31_000);
    expect(now('shop.test')).toBe('10.0.0.1');
  });
});

describe('search domains', () => {
  const pod = 'nameserver 10.0.0.53\nsearch shop.svc svc\noptions ndots:5\n';

  it('are tried one after the other', () => {
    const { ask, ...rest } = lab({ resolvConf: pod });
    const asked = ask('db');
    rest.dns().absent();
    rest.dns().answer(['10.0.0.1']);
    expect(asked.told).toEqual(['10.0.0.1']);
    expect(rest.dns().names).toEqual(['db.shop.svc', 'db.svc']);
  });

  it('are passed over for a name that ends with a dot', () => {
    const { ask, ...rest } = lab({ resolvConf: pod });
    const asked = ask('db.example.com.');
    rest.dns().answer(['10.0.0.1']);
    expect([asked.told, rest.dns().names]).toEqual([['10.0.0.1'], ['db.example.com']]);
  });

  it('are not all waited for where no server answers', () => {
    const { ask, ...rest } = lab({ resolvConf: pod });
    const asked = ask('db');
    rest.dns().fail('no name server answered in time', true);
    expect([asked.told, rest.dns().names]).toEqual([
      ['none: no name server answered in time'],
      ['db.shop.svc'],
    ]);
  });

  it('give no other name in place of the one that had the addresses', () => {
    const { hold, clock, now, ...rest } = lab({ resolvConf: pod });
    hold('db');
    rest.dns().answer(['10.0.0.1']);
    clock.advance(60_000);
    rest.dns().fail('SERVFAIL');
    expect(rest.dns().open).toEqual([]);
    expect(now('db')).toBe('10.0.0.1');
  });

  it('count as failed, not as gone, where one of them could not be asked', () => {
    const { ask, ...rest } = lab({ resolvConf: pod });
    const asked = ask('db');
    rest.dns().fail('SERVFAIL');
    rest.dns().absent();
    rest.dns().absent();
    expect(asked.told).toEqual(['none: SERVFAIL']);
  });
});

describe('the files of the system', () => {
  it('answer for the names in the hosts file and for localhost without a server', () => {
    const { now, clients } = lab({ hosts: '10.0.0.1 shop.test\n' });
    expect([now('shop.test'), now('localhost'), now('10.9.9.9'), now('::1')]).toEqual([
      '10.0.0.1',
      '127.0.0.1 ::1',
      '10.9.9.9',
      '::1',
    ]);
    expect(clients).toEqual([]);
  });

  it('are followed: an edit of the hosts file counts at once', async () => {
    const { hold, now, clock, files, ...rest } = lab({ hosts: '10.0.0.1 shop.test\n' });
    clock.release();
    const { told } = hold('shop.test');
    const other = hold('later.test');
    writeFileSync(files.hosts, '10.0.0.2 shop.test\n10.0.0.3 later.test\n');
    await eventually(() => told.length > 0 && other.told.length > 0, 'the edit counts');
    expect([told, other.told]).toEqual([['10.0.0.2'], ['10.0.0.3']]);
    writeFileSync(files.hosts, '');
    await eventually(() => rest.dns().names.includes('shop.test'), 'the server is asked');
    expect(now('shop.test')).toBe('10.0.0.2');
    while (rest.dns().open.length > 0) rest.dns().answer(['10.0.0.9']);
    expect(now('shop.test')).toBe('10.0.0.9');
  });

  it('are followed: other servers are asked from the edit of resolv.conf on', async () => {
    const { hold, now, clock, files, resolver, clients } = lab();
    clock.release();
    hold('shop.test');
    const [before] = clients;
    writeFileSync(files.resolvConf, 'nameserver 10.0.0.54\nsearch lab.test\n');
    const after = await eventually(() => clients[1], 'another client is used');
    expect(before?.isClosed).toBe(true);
    expect(resolver.servers).toEqual(['10.0.0.54']);
    await eventually(() => after.names.length > 0, 'the name is asked for again');
    after.absent();
    after.answer(['10.0.0.1']);
    expect(now('shop.test')).toBe('10.0.0.1');
    expect(after.names).toEqual(['shop.test', 'shop.test.lab.test']);
  });
});

describe('a log line of a name that does not resolve', () => {
  it.each([
    ['SERVFAIL', '"reason":"SERVFAIL","servers":"10.0.0.53"}'],
    [NOTHING_TO_ASK_WITH, `"reason":"${NOTHING_TO_ASK_WITH}"}`],
  ])('names the servers only where they were asked: %s', (reason, end) => {
    const { hold, dns, logger } = lab();
    hold('shop.test');
    dns().fail(reason, true);
    expect(logger.lines.at(-1)).toBe(`warn host name does not resolve {"name":"shop.test",${end}`);
  });
});

describe('settings', () => {
  it('of the config come before those of the system, and count from an edit on', () => {
    const { resolver, hold, clients, ask } = lab();
    hold('shop.test');
    resolver.configure({ ...DEFAULT_RESOLVER_SETTINGS, servers: ['10.1.1.1'] });
    expect(resolver.servers).toEqual(['10.1.1.1']);
    const asked = ask('shop.test');
    expect(clients.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    clients[1]?.answer(['10.0.0.1']);
    expect(asked.told).toEqual(['10.0.0.1']);
    resolver.configure({ ...DEFAULT_RESOLVER_SETTINGS, servers: ['10.1.1.1'], minTtlMs: 1_000 });
    expect(clients).toHaveLength(2);
  });

  it('are left behind by the end: who waits is told, and nothing runs on', () => {
    const { resolver, ask, ...rest } = lab();
    const asked = ask('shop.test');
    resolver.close();
    expect(asked.told).toEqual(['none: the proxy ends']);
    expect(rest.dns().isClosed).toBe(true);
    expect(ask('other.test').told).toEqual(['none: the proxy ends']);
  });

  it('let many names be looked up a few at a time, and who waits for one comes first', () => {
    const { hold, clock, ask, ...rest } = lab();
    for (let index = 0; index < 200; index++) hold(`backend-${String(index)}.test`);
    expect(rest.dns().names).toHaveLength(64);
    ask('backend-199.test');
    expect(rest.dns().names.at(-1)).toBe('backend-199.test');
    for (let round = 0; round < 3; round++) clock.advance(51);
    expect(new Set(rest.dns().names).size).toBe(200);
    expect(rest.dns().names).toHaveLength(200);
  });
});

function withQuestion(host: string) {
  const made = lab();
  const first = made.ask(host);
  return { ...made, client: made.dns(), first };
}
