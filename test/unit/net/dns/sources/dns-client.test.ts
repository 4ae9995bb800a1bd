import { describe, expect, it } from 'vitest';

import {
  CaresClient,
  type Family,
  type FamilyAnswer,
} from '../../../../../src/net/dns/sources/dns-client.ts';
import { deadAddress } from '../../../../support/addresses/dead-address.ts';
import { DnsServer } from '../../../../support/addresses/dns-server.ts';
import { owned } from '../../../../support/owned.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';

function client(servers: readonly string[], options: { timeoutMs?: number; rotate?: boolean } = {}) {
  const settings = { servers, timeoutMs: PATIENCE_MS, attempts: 1, rotate: false, ...options };
  return owned(new CaresClient(settings));
}

function ask(from: CaresClient, name: string, family: Family = 4): Promise<FamilyAnswer> {
  return new Promise((resolve) => {
    from.ask(name, family, resolve);
  });
}

describe('asking name servers', () => {
  it('gives the addresses of each family with the shortest time to live', async () => {
    const server = await DnsServer.start({
      'shop.test': { addresses: ['10.0.0.1', '10.0.0.2', '2001:db8::1'], ttl: 7 },
    });
    const asking = client([server.address]);
    expect(await ask(asking, 'shop.test')).toEqual({
      kind: 'found',
      addresses: ['10.0.0.1', '10.0.0.2'],
      ttlMs: 7_000,
    });
    expect(await ask(asking, 'shop.test', 6)).toEqual({
      kind: 'found',
      addresses: ['2001:db8::1'],
      ttlMs: 7_000,
    });
  });

  it('tells a name without addresses from a server that fails', async () => {
    const server = await DnsServer.start({
      'v4.test': { addresses: ['10.0.0.1'] },
      'broken.test': 'servfail',
    });
    const asking = client([server.address]);
    expect(await ask(asking, 'nowhere.test')).toEqual({ kind: 'absent' });
    expect(await ask(asking, 'v4.test', 6)).toEqual({ kind: 'absent' });
    expect(await ask(asking, `${'x'.repeat(64)}.test`)).toEqual({ kind: 'absent' });
    expect(await ask(asking, 'broken.test')).toMatchObject({ kind: 'failed', silent: false });
  });

  it('goes on over TCP where the answer is too long for a datagram', async () => {
    const addresses = Array.from({ length: 120 }, (_, index) => `10.0.1.${String(index)}`);
    const server = await DnsServer.start({ 'many.test': { addresses, tcp: true } });
    expect(await ask(client([server.address]), 'many.test')).toMatchObject({ kind: 'found', addresses });
  });

  it('takes no more addresses than are of use', async () => {
    const addresses = Array.from(
      { length: 300 },
      (_, index) => `10.0.${String(index >> 8)}.${String(index & 255)}`,
    );
    const server = await DnsServer.start({ 'many.test': { addresses, tcp: true } });
    expect(await ask(client([server.address]), 'many.test')).toMatchObject({
      addresses: addresses.slice(0, 128),
    });
  });

  it('asks the next server where one is silent', async () => {
    const silent = await DnsServer.start({ 'shop.test': 'silent' });
    const good = await DnsServer.start({ 'shop.test': { addresses: ['10.0.0.1'] } });
    const asking = client([silent.address, good.address], { timeoutMs: 100 });
    expect(await ask(asking, 'shop.test')).toMatchObject({ addresses: ['10.0.0.1'] });
    expect(silent.questions).not.toEqual([]);
  });

  it('says that nobody answers', async () => {
    const silent = await DnsServer.start({ 'shop.test': 'silent' });
    expect(await ask(client([silent.address], { timeoutMs: 50 }), 'shop.test')).toEqual({
      kind: 'failed',
      reason: 'no name server answered in time',
      silent: true,
    });
  });

  it('blames no server where this process has no descriptor to ask with', async () => {
    const settings = { servers: [await deadAddress()], timeoutMs: PATIENCE_MS, attempts: 1, rotate: false };
    expect(await ask(owned(new CaresClient(settings)), 'shop.test')).toMatchObject({
      reason: 'no name server is reachable',
    });
    expect(await ask(owned(new CaresClient(settings, () => true)), 'shop.test')).toEqual({
      kind: 'failed',
      reason: 'no file descriptor is left to ask with',
      silent: true,
    });
  });

  it('begins with another server each time where the system wants that', async () => {
    const reply = { 'shop.test': { addresses: ['10.0.0.1'] } };
    const [first, second] = [await DnsServer.start(reply), await DnsServer.start(reply)];
    const asking = client([first.address, second.address], { rotate: true });
    for (let round = 0; round < 4; round++) await ask(asking, 'shop.test');
    expect([first.questions.length, second.questions.length]).toEqual([2, 2]);
  });

  it('says nothing any more once it is closed', async () => {
    const silent = await DnsServer.start({ 'shop.test': 'silent' });
    const asking = client([silent.address]);
    const answers: unknown[] = [];
    asking.ask('shop.test', 4, (answer) => answers.push(answer));
    await silent.untilAsked('shop.test A');
    asking.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
  });
});
