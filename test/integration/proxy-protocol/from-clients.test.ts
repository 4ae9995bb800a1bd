import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../support/peers/http-message.ts';
import { headerV2, tlv } from '../../support/proxy-headers.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../http/scene.ts';

const HEADER = 'PROXY TCP4 192.0.2.7 192.0.2.1 54321 443\r\n';
const ACCEPT = `proxy_protocol: { trusted: [127.0.0.0/8], timeout: 2s }`;

async function web(
  more = ACCEPT,
): Promise<{ proxy: LabProxy; seen: Message[]; yaml: (more: string) => string }> {
  const seen: Message[] = [];
  const server = await backend(answering(() => ok('fine'), seen));
  const yaml = (keys: string): string => `
listen: '127.0.0.1:0'
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
logging: { level: debug }
backends: [{ name: one, address: '${server.address}' }]
${keys}
`;
  return { proxy: await labProxy(yaml(more)), seen, yaml };
}

async function ask(peer: ByteSocket, request: string | Buffer): Promise<string> {
  peer.send(request);
  const message = await readMessage(peer);
  return `${statusOf(message)} ${message.body.toString()}`;
}

describe('an HTTP listener that demands PROXY headers', () => {
  it('tells logs and backends of the client in the header, for all requests of the connection', async () => {
    const { proxy, seen } = await web();
    const peer = await client(proxy.address());
    expect(await ask(peer, HEADER + get('/first'))).toBe('200 fine');
    expect(await ask(peer, get('/second', 'X-Forwarded-For: 203.0.113.9\r\n'))).toBe('200 fine');
    for (const message of seen) {
      expect(fieldValues(message, 'x-forwarded-for')).toEqual(['192.0.2.7']);
      expect(fieldValues(message, 'x-real-ip')).toEqual(['192.0.2.7']);
      expect(fieldValues(message, 'x-forwarded-port')).toEqual(['443']);
    }
    expect(await proxy.untilLogged('/second')).toContain('192.0.2.7');
  });

  it('believes X-Forwarded-For when the client in the header is a trusted proxy', async () => {
    const { proxy, seen } = await web(`${ACCEPT}\nhttp: { trusted_proxies: [192.0.2.0/24] }`);
    const peer = await client(proxy.address());
    await ask(peer, HEADER + get('/', 'X-Forwarded-For: 203.0.113.9\r\n'));
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['203.0.113.9, 192.0.2.7']);
    const other = await client(proxy.address());
    const header = 'PROXY TCP4 198.51.100.4 192.0.2.1 1 443\r\n';
    await ask(other, header + get('/', 'X-Forwarded-For: 203.0.113.9\r\n'));
    expect(fieldValues(seen[1]!, 'x-forwarded-for')).toEqual(['198.51.100.4']);
  });

  it('does not believe X-Forwarded-For because the proxy that sent the header is trusted', async () => {
    const { proxy, seen } = await web(`${ACCEPT}\nhttp: { trusted_proxies: [127.0.0.0/8] }`);
    await ask(await client(proxy.address()), HEADER + get('/', 'X-Forwarded-For: 203.0.113.9\r\n'));
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['192.0.2.7']);
  });

  it('shows both addresses to operators', async () => {
    const { proxy } = await web();
    const peer = await client(proxy.address());
    await ask(peer, HEADER + get());
    const response = await fetch(`http://${proxy.adminAddress}/connections`);
    expect(await response.json()).toMatchObject({
      connections: [{ client: '192.0.2.7:54321', proxy: `127.0.0.1:${peer.socket.localPort}` }],
    });
  });

  it('refuses connections without one, and counts them by reason', async () => {
    const { proxy } = await web();
    const peer = await client(proxy.address());
    peer.send(get());
    await peer.untilEnded();
    expect(peer.received.length).toBe(0);
    const metrics = await ScrapedMetrics.from(proxy.app.adminAddresses[1] ?? proxy.adminAddress);
    expect(metrics.sum('balance_proxy_protocol_refusals_total', { reason: 'missing' })).toBe(1);
    expect(metrics.sum('balance_proxy_protocol_refusals_total')).toBe(1);
    expect(await proxy.untilLogged('no acceptable PROXY header')).toContain('reason=missing');
  });

  it('counts each refused connection once when the listener moves to another address', async () => {
    const { proxy, yaml } = await web();
    // Keeps the listener at the old address.
    expect(await ask(await client(proxy.address()), HEADER + get())).toBe('200 fine');
    const peer = await client(proxy.address());
    peer.send(get());
    await peer.untilEnded();
    const refusals = async (): Promise<number> => {
      const metrics = await ScrapedMetrics.from(proxy.app.adminAddresses[1] ?? proxy.adminAddress);
      return metrics.sum('balance_proxy_protocol_refusals_total', { reason: 'missing' });
    };
    // What a listener counted since it was read last goes with it, and of several workers not all may keep the old one.
    expect(await refusals()).toBe(1);
    await proxy.change(yaml(ACCEPT).replace("'127.0.0.1:0'", "'127.0.0.2:0'"));
    expect(await refusals()).toBe(1);
  });

  it('demands it from the next connection on after an edit, and no longer after another one', async () => {
    const { proxy, yaml } = await web('');
    const plain = await client(proxy.address());
    expect(await ask(plain, get())).toBe('200 fine');
    await proxy.change(yaml(ACCEPT));
    expect(await ask(plain, get())).toBe('200 fine');
    expect(await ask(await client(proxy.address()), HEADER + get())).toBe('200 fine');
    const without = await client(proxy.address());
    without.send(get());
    await without.untilEnded();
    await proxy.change(yaml('proxy_protocol: { trusted: [192.0.2.0/24] }'));
    const untrusted = await client(proxy.address());
    untrusted.send(HEADER + get());
    await untrusted.untilEnded();
    expect([without.received.length, untrusted.received.length]).toEqual([0, 0]);
    await proxy.change(yaml('proxy_protocol: { accept: false, trusted: [127.0.0.0/8] }'));
    expect(await ask(await client(proxy.address()), get())).toBe('200 fine');
    expect(await ask(await client(proxy.address()), HEADER + get())).toMatch(/^400 /);
    expect(await ask(plain, get())).toBe('200 fine');
  });

  it('reads it before the ClientHello of a TLS client', async () => {
    const ca = new CertificateAuthority();
    const { cert, key } = ca.issue();
    const seen: Message[] = [];
    const server = await backend(answering(() => ok('fine'), seen));
    const yaml = `
listen: '127.0.0.1:0'
tls: { cert_file: site.crt, key_file: site.key }
proxy_protocol: { trusted: [127.0.0.1] }
backends: [{ name: one, address: '${server.address}' }]
`;
    const proxy = await labProxy(yaml, { 'site.crt': cert, 'site.key': key });
    const [, port] = proxy.address().split(':');
    const raw = connect(Number(port), '127.0.0.1');
    onTestFinished(() => {
      raw.destroy();
    });
    await once(raw, 'connect');
    raw.write(HEADER);
    const secure = connectTls({ socket: raw, ca: ca.cert, servername: 'localhost' });
    await once(secure, 'secureConnect');
    const peer = new ByteSocket(secure);
    expect(await ask(peer, get())).toBe('200 fine');
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(fieldValues(seen[0]!, 'x-forwarded-proto')).toEqual(['https']);
  });
});

describe('a unix socket that demands PROXY headers', () => {
  it('trusts whoever may connect to it', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok('fine'), seen));
    const directory = await mkdtemp(join(tmpdir(), 'balance-proxy-header-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'in.sock');
    await labProxy(`
listen: 'unix:${path}'
proxy_protocol: { accept: true }
backends: [{ name: one, address: '${server.address}' }]
`);
    const socket = connect(path);
    await once(socket, 'connect');
    const peer = new ByteSocket(socket);
    onTestFinished(() => {
      peer.close();
    });
    expect(await ask(peer, HEADER + get())).toBe('200 fine');
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['192.0.2.7']);
  });
});

describe('a TCP listener that demands PROXY headers', () => {
  it('hashes the address in the header', async () => {
    const servers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => backend(naming(name))));
    const list = servers.map(({ address }, index) => `{ name: b${index}, address: '${address}' }`).join(', ');
    const proxy = await labProxy(`
mode: tcp
listen: '127.0.0.1:0'
${ACCEPT}
load_balancer: { algorithm: maglev, hash_key: source-ip }
backends: [${list}]
`);
    const serverOf = async (address: string): Promise<string> => {
      const peer = await client(proxy.address());
      peer.send(`PROXY TCP4 ${address} 192.0.2.1 1 443\r\n`);
      return peer.untilText('\n');
    };
    const addresses = Array.from({ length: 12 }, (_, index) => `192.0.2.${index + 1}`);
    const first = await Promise.all(addresses.map(serverOf));
    expect(await Promise.all(addresses.map(serverOf))).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(1);
  });

  it('passes all that follows on unaltered, even what looks like a header', async () => {
    const server = await backend();
    const proxy = await labProxy(`
mode: tcp
listen: '127.0.0.1:0'
${ACCEPT}
backends: [{ name: one, address: '${server.address}' }]
`);
    const peer = await client(proxy.address());
    const rest = Buffer.concat([headerV2(0x21, 0x00), Buffer.from(`${HEADER}\0\r\n`)]);
    peer.send(Buffer.concat([headerV2(0x20, 0x00), rest]));
    const connection = await server.connection(0);
    expect(Buffer.from(await connection.untilLength(rest.length)).equals(rest)).toBe(true);
  });
});

describe('two proxies, one behind the other', () => {
  it.each(['v1', 'v2'])('tell the last server of the client, by %s', async (version) => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok('fine'), seen));
    const back = await labProxy(`
listen: '127.0.0.1:0'
${ACCEPT}
backends: [{ name: server, address: '${server.address}' }]
`);
    const front = await labProxy(`
mode: tcp
listen: '127.0.0.1:0'
proxy_protocol: { trusted: [127.0.0.0/8], send: ${version} }
health_check: { type: tcp, interval: 50ms }
metrics: { listen: '127.0.0.1:0' }
backends: [{ name: back, address: '${back.address()}' }]
`);
    const peer = await client(front.address());
    const records = [tlv(0x02, 'example.com'), tlv(0x05, 'connection-1')];
    const ends = Buffer.from('c0000207c0000201d43101bb', 'hex');
    const header = headerV2(0x21, 0x11, ends, ...records);
    expect(await ask(peer, Buffer.concat([header, Buffer.from(get())]))).toBe('200 fine');
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(fieldValues(seen[0]!, 'x-forwarded-port')).toEqual(['443']);
    const checks = async (result: string): Promise<number> =>
      (await ScrapedMetrics.from(front.adminAddress)).sum('balance_health_checks_total', { result });
    await eventually(async () => (await checks('pass')) >= 2, 'checks pass');
    expect(await checks('fail')).toBe(0);
  });
});
