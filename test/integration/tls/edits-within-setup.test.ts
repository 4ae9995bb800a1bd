import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { fieldValues, type Message } from '../../support/peers/http-message.ts';
import { eventually } from '../../support/time/eventually.ts';
import { haltingClient } from '../../support/tls/halting-client.ts';

const ca = new CertificateAuthority();
const own = ca.issue({ names: ['own.test'] });
const FILES = { 'own.crt': own.cert, 'own.key': own.key, 'ca.crt': ca.cert };

const DECRYPTED = 'cert_file: own.crt, key_file: own.key';
const HEADER = Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 54321 443\r\n');
const REQUEST = 'GET / HTTP/1.1\r\nHost: own.test\r\n\r\n';

/** A TLS server with a certificate of its own, which says its name. */
async function secureBackend(name: string): Promise<string> {
  const { cert, key } = ca.issue({ names: ['passed.test'] });
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
    socket.end(`${name}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** An address that stays the same over edits. Without it, a listener is known by its name. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${String(port)}`;
}

interface Shape {
  readonly mode?: 'http' | 'tcp';
  /** The section `tls` of the listener, without its braces. */
  readonly tls?: string;
  readonly proxy?: '127.0.0.1' | '192.0.2.0/24';
  readonly http?: string;
}

/** A config with the listener `web`, the upstream `plain`, and upstreams for names that are passed on. */
function configOf(shape: Shape, plain: string, passed: Readonly<Record<string, string>>): string {
  const { mode = 'http', tls, proxy, http } = shape;
  const keys = [
    `name: web, listen: '127.0.0.1:0', mode: ${mode}, upstream: plain`,
    ...(tls === undefined ? [] : [`tls: { ${tls} }`]),
    ...(proxy === undefined ? [] : [`proxy_protocol: { accept: true, trusted: [${proxy}] }`]),
    ...(http === undefined ? [] : [`http: { ${http} }`]),
  ];
  const upstreams = Object.entries({ plain, ...passed }).map(
    ([name, address]) => `  - { name: ${name}, backends: [{ address: '${address}' }] }`,
  );
  return `admin: { listen: '127.0.0.1:0' }\nlisteners: [{ ${keys.join(', ')} }]\nupstreams:\n${upstreams.join('\n')}\n`;
}

/** Resolves when a listener has so many connections. */
async function untilConnected(proxy: LabProxy, count: number): Promise<void> {
  await eventually(async () => {
    const { listeners } = (await proxy.status()) as { listeners: { connections: number }[] };
    return listeners.some(({ connections }) => connections === count);
  }, `${count} connections are there`);
}

/** Resolves when nothing of earlier configs is left. */
async function untilDrained(proxy: LabProxy): Promise<void> {
  await eventually(async () => {
    const { draining } = (await proxy.status()) as { draining: readonly unknown[] };
    return draining.length === 0;
  }, 'the config before has gone');
}

const SEES = {
  own: { servername: 'own.test', ca: ca.cert },
  passed: { servername: 'passed.test', ca: ca.cert },
};

describe('a client in the middle of its ClientHello', () => {
  const cases: [string, Shape, Shape][] = [
    ['turns TLS off', { tls: DECRYPTED }, {}],
    [
      'changes the rules of TLS',
      { tls: DECRYPTED },
      { tls: `${DECRYPTED}, min_version: "1.3", max_handshakes: 5` },
    ],
    ['adds routes by name', { tls: DECRYPTED }, { tls: `${DECRYPTED}, sni: { routes: { own.test: up } }` }],
    [
      'removes routes by name',
      { tls: `${DECRYPTED}, sni: { routes: { passed.test: up } }` },
      { tls: DECRYPTED },
    ],
    ['removes routes by name and TLS', { tls: `${DECRYPTED}, sni: { routes: { passed.test: up } }` }, {}],
    ['begins to read PROXY headers', { tls: DECRYPTED }, { tls: DECRYPTED, proxy: '127.0.0.1' }],
    ['changes what the protocol does', { tls: DECRYPTED }, { http: 'timeouts: { idle: 7s }' }],
  ];
  it.each(cases)('is decrypted as it began, when an edit %s', async (_, before, after) => {
    const plain = await backend(answering(() => ok('plain')));
    const up = await secureBackend('up');
    const proxy = await labProxy(configOf(before, plain.address, { up }), FILES);
    const near = await haltingClient(proxy.address(), SEES.own);
    await untilConnected(proxy, 1);
    await proxy.change(configOf(after, plain.address, { up }));
    near.goOn();
    near.socket.send(REQUEST);
    await near.socket.untilText('plain');
    expect(near.tls.authorized).toBe(true);
    expect(near.socket.text).toMatch(/^HTTP\/1\.1 200/);
  });

  const routed = `${DECRYPTED}, sni: { routes: { passed.test: up } }`;
  const passing: [string, Shape, Shape][] = [
    ['removes the routes', { tls: routed }, { tls: DECRYPTED }],
    [
      'removes the route of the name',
      { tls: routed },
      { tls: `${DECRYPTED}, sni: { routes: { other.test: up } }` },
    ],
    ['turns TLS off', { tls: routed }, {}],
    [
      'sends the name elsewhere',
      { tls: routed },
      { tls: `${DECRYPTED}, sni: { routes: { passed.test: other } }` },
    ],
    ['makes the listener one of tcp', { tls: routed }, { mode: 'tcp' }],
    ['removes the routes of a listener in mode tcp', { mode: 'tcp', tls: routed }, { mode: 'tcp' }],
    [
      'decrypts the name in mode tcp',
      { mode: 'tcp', tls: 'sni: { routes: { passed.test: up } }' },
      { mode: 'tcp', tls: DECRYPTED },
    ],
    ['makes the listener one of http', { mode: 'tcp', tls: 'sni: { routes: { passed.test: up } }' }, {}],
  ];
  it.each(passing)(
    'is passed on to the upstream of the config that it came by, when an edit %s',
    async (_, before, after) => {
      const plain = await backend(naming('plain'));
      const [up, other] = [await secureBackend('up'), await secureBackend('other')];
      const proxy = await labProxy(configOf(before, plain.address, { up, other }), FILES);
      const near = await haltingClient(proxy.address(), SEES.passed);
      await untilConnected(proxy, 1);
      const kept = after.tls?.includes('other') === true || after.tls?.includes('up') === true;
      // The upstream that the client is on its way to leaves with the edit, where the edit does not use it.
      await proxy.change(configOf(after, plain.address, kept ? { up, other } : {}));
      near.goOn();
      await near.socket.untilText('up\n');
      expect(near.socket.text).toBe('up\n');
      near.socket.close();
      await untilDrained(proxy);
      expect(await proxy.log()).not.toContain('refused a connection');
    },
  );

  it('goes to the backend that the listener had, when an edit makes the listener decrypt', async () => {
    const [before, after] = [await secureBackend('before'), await backend(answering(() => ok('after')))];
    const proxy = await labProxy(configOf({ mode: 'tcp', tls: 'sni: { routes: {} }' }, before, {}), FILES);
    const near = await haltingClient(proxy.address(), SEES.passed);
    await untilConnected(proxy, 1);
    await proxy.change(configOf({ tls: DECRYPTED }, after.address, {}));
    near.goOn();
    await near.socket.untilText('before\n');
    const next = await haltingClient(proxy.address(), SEES.own);
    next.goOn();
    next.socket.send(REQUEST);
    await next.socket.untilText('after');
  });

  it('is served to its end when an edit removes its listener, passed on or decrypted', async () => {
    const plain = await backend(answering(() => ok('plain')));
    const up = await secureBackend('up');
    const proxy = await labProxy(configOf({ tls: routed }, plain.address, { up }), FILES);
    const passed = await haltingClient(proxy.address(), SEES.passed);
    const decrypted = await haltingClient(proxy.address(), SEES.own);
    await untilConnected(proxy, 2);
    const rest = `listeners: [{ name: other, listen: '${await freeAddress()}', mode: http, upstream: plain }]`;
    await proxy.change(configOf({}, plain.address, {}).replace(/listeners: .*/, rest));
    passed.goOn();
    decrypted.goOn();
    decrypted.socket.send(REQUEST);
    await passed.socket.untilText('up\n');
    await decrypted.socket.untilText('plain');
  });

  it('is reset with the config that it came by, when that drains for too long', async () => {
    const plain = await backend(naming('plain'));
    const up = await secureBackend('up');
    const limit = 'reload: { drain_timeout: 50ms }\n';
    const proxy = await labProxy(limit + configOf({ tls: routed }, plain.address, { up }), FILES);
    const near = await haltingClient(proxy.address(), SEES.passed);
    await untilConnected(proxy, 1);
    await proxy.change(limit + configOf({ tls: DECRYPTED }, plain.address, {}));
    await near.socket.untilClosed();
    await untilConnected(proxy, 0);
  });
});

describe('a client in the middle of its PROXY header', () => {
  const cases: [string, Shape, Shape, boolean][] = [
    ['wants no header any more', { proxy: '127.0.0.1' }, {}, false],
    ['wants TLS instead', { proxy: '127.0.0.1' }, { tls: DECRYPTED }, false],
    ['turns TLS on', { proxy: '127.0.0.1' }, { proxy: '127.0.0.1', tls: DECRYPTED }, false],
    ['wants no header any more', { proxy: '127.0.0.1', tls: DECRYPTED }, { tls: DECRYPTED }, true],
    ['turns TLS off', { proxy: '127.0.0.1', tls: DECRYPTED }, { proxy: '127.0.0.1' }, true],
    ['trusts others', { proxy: '127.0.0.1' }, { proxy: '192.0.2.0/24' }, false],
    ['turns both off', { proxy: '127.0.0.1', tls: DECRYPTED }, {}, true],
  ];
  it.each(cases)('is read as it began, when an edit %s', async (_, before, after, secure) => {
    const seen: Message[] = [];
    const plain = await backend(answering(() => ok('plain'), seen));
    const proxy = await labProxy(configOf(before, plain.address, {}), FILES);
    if (secure) {
      const near = await haltingClient(proxy.address(), SEES.own, HEADER);
      await untilConnected(proxy, 1);
      await proxy.change(configOf(after, plain.address, {}));
      near.goOn();
      near.socket.send(REQUEST);
      await near.socket.untilText('plain');
    } else {
      const near = await client(proxy.address());
      near.send(HEADER.subarray(0, 20));
      await untilConnected(proxy, 1);
      await proxy.change(configOf(after, plain.address, {}));
      near.send(HEADER.subarray(20));
      near.send(REQUEST);
      await near.untilText('plain');
    }
    expect(seen.flatMap((request) => fieldValues(request, 'x-forwarded-for'))).toEqual(['192.0.2.7']);
  });
});
