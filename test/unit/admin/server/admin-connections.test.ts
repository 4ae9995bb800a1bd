import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { AdminLimits } from '../../../../src/admin/server/admin-limits.ts';
import { jsonResponse } from '../../../../src/admin/endpoint/admin-response.ts';
import { get, post } from '../../../../src/admin/endpoint/admin-router.ts';
import { AdminServer, type AdminServerSetup } from '../../../../src/admin/server/admin-server.ts';
import { clientNetwork } from '../../../../src/admin/server/admin-connections.ts';
import { askAdmin } from '../../../support/peers/admin-client.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { client } from '../../../support/peers/clients.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { serverContext } from '../../../support/tls/server-context.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const ROUTES = [
  get('/live', () => jsonResponse(200, 'alive')),
  get('/big', () => jsonResponse(200, 'x'.repeat(8 * 1024 * 1024))),
  post('/reload', (request) => jsonResponse(200, request.body.length)),
];
const HALF_A_HEAD = 'GET /live HTTP/1.1\r\nHost: a\r\nX-';
const HALF_A_BODY = 'POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf';
/** A handshake record of TLS that is never complete. */
const HALF_A_HELLO = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
const PROBES = 12;

async function start(limits: Partial<AdminLimits> = {}, tls?: AdminServerSetup['tls'], routes = ROUTES) {
  const logger = new RecordingLogger();
  const server = new AdminServer({ listen: '127.0.0.1:0', routes, logger, limits, tls });
  const address = await server.listen();
  owned({ close: () => server.destroy() });
  const warnings = (): string[] =>
    logger.lines.filter((line) => line.startsWith('warn too many connections to the admin server'));
  return { address, warnings };
}

/** Connections that say so much and no more, read nothing, and come back when they are closed. */
async function besiege(address: string, count: number, words: string, localAddress = '127.0.0.1') {
  const port = Number(address.split(':')[1]);
  const sockets = new Set<Socket>();
  let isOver = false;
  let returns = 0;
  const come = (): Socket => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('connect', () => socket.write(words, 'latin1'));
    socket.on('close', () => {
      sockets.delete(socket);
      returns += 1;
      if (!isOver) come();
    });
    // The end of a connection is heard only by those who read; the first bytes of an answer are enough.
    if (words !== SLOW_READING) socket.resume();
    return socket;
  };
  owned({
    close: () => {
      isOver = true;
      for (const socket of sockets) socket.destroy();
    },
  });
  await Promise.all(Array.from({ length: count }, () => once(come(), 'connect')));
  return { returns: () => returns };
}

const SLOW_READING = 'GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('an admin server that is full', () => {
  it.each([
    { who: 'heads', words: HALF_A_HEAD },
    { who: 'silent connections', words: '' },
    { who: 'bodies', words: HALF_A_BODY },
  ])('answers probes beside 300 half-sent $who that come back', async ({ words }) => {
    const { address, warnings } = await start();
    const { returns } = await besiege(address, 300, words);
    for (let probes = 0; probes < PROBES; probes += 1)
      expect((await askAdmin(address, '/live')).status).toBe(200);
    await eventually(() => returns() > 40, 'many were closed');
    // One line in ten seconds, however long the machine takes for this.
    expect(warnings().length).toBeLessThan(returns() / 4);
    expect(warnings()[0]).toContain('"client":"127.0.0.1"');
    expect(warnings()[0]).toContain('"limit":256,"limit_per_client":128');
  });

  it('answers probes beside those who read no answer', async () => {
    const { address } = await start({ maxConnections: 8, maxConnectionsPerClient: 4 });
    await besiege(address, 10, SLOW_READING);
    for (let probes = 0; probes < PROBES; probes += 1)
      expect((await askAdmin(address, '/live')).status).toBe(200);
  });

  it('answers probes over TLS beside handshakes that nobody finishes', async () => {
    const authority = new CertificateAuthority();
    const { address } = await start(
      { maxConnections: 32, maxConnectionsPerClient: 32 },
      {
        context: await serverContext(authority.issue()),
        asksClients: false,
        fingerprint: 'one',
        trust: 'one',
      },
    );
    await besiege(address, 40, HALF_A_HELLO);
    const tls = { ca: authority.cert };
    for (let probes = 0; probes < PROBES; probes += 1)
      expect((await askAdmin(address, '/live', { tls })).status).toBe(200);
  });

  it('keeps the connections of others while one client takes all that it can get', async () => {
    const { address } = await start({ maxConnections: 16, maxConnectionsPerClient: 8 });
    const mine = await client(address);
    mine.send('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await mine.untilText('alive');
    const sieges = [
      await besiege(address, 10, HALF_A_HEAD, '127.0.0.2'),
      await besiege(address, 10, HALF_A_HEAD, '127.0.0.3'),
      await besiege(address, 10, HALF_A_HEAD, '127.0.0.4'),
    ];
    await eventually(() => sieges.every(({ returns }) => returns() > 20), 'they were closed again and again');
    mine.take(mine.received.length);
    mine.send('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await mine.untilText('alive');
  });

  it('ends none whose answer is being made, as long as there is another one', async () => {
    let finish = (): void => undefined;
    const profile = post('/profile', async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return jsonResponse(200, 'a profile');
    });
    const { address } = await start({ maxConnectionsPerClient: 2 }, undefined, [...ROUTES, profile]);
    const profiled = await client(address);
    profiled.send('POST /profile HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const before = finish;
    await eventually(() => finish !== before, 'the profile is under way');
    const waiting = await client(address);
    const newcomer = await client(address);
    await waiting.untilEnded();
    finish();
    await profiled.untilText('a profile');
    newcomer.send('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await newcomer.untilText('alive');
  });
});

describe('a client', () => {
  it.each([
    [undefined, 'unix'],
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('at %s is %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});
