import { describe, expect, it } from 'vitest';

import { readHeader } from '../../../../../src/net/proxy-protocol/read/header-reader.ts';
import type { ParsedHeader } from '../../../../../src/net/proxy-protocol/read/parsed-header.ts';
import { ReceivedHeader } from '../../../../../src/net/proxy-protocol/read/received-header.ts';
import {
  proxyHeaderOf,
  type HeaderSubject,
} from '../../../../../src/net/proxy-protocol/write/proxy-header-of.ts';
import type { ProxyHeader, TlsSession } from '../../../../../src/plugin-api/index.ts';
import { tlv, withChecksum } from '../../../../support/proxy-headers.ts';

const NOBODY_V2 = '0d0a0d0a000d0a515549540a20000000';

function subject(peer: string, local: string, more: Partial<HeaderSubject> = {}): HeaderSubject {
  return {
    peer: { address: peer, port: peer === 'unix' ? 0 : 40_000 },
    local: { address: local, port: local === 'unix' ? 0 : 443 },
    tls: undefined,
    proxy: undefined,
    route: undefined,
    ...more,
  };
}

function session(more: object): TlsSession {
  return {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: undefined,
    sni: undefined,
    certificate: undefined,
    resumed: false,
    ...more,
  } as TlsSession;
}

function sent(client: HeaderSubject): ProxyHeader {
  return new ReceivedHeader(readHeader(proxyHeaderOf('v2', client)) as ParsedHeader, client.peer);
}

describe('a header to a backend', () => {
  it.each([
    ['192.0.2.7', '192.0.2.1', 'PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n'],
    ['2001:db8::7', '2001:db8::1', 'PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\n'],
    ['192.0.2.7', '2001:db8::1', 'PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 40000 443\r\n'],
    ['fe80::7%eth0', 'fe80::1%eth0', 'PROXY TCP6 fe80::7 fe80::1 40000 443\r\n'],
  ])('names %s, who reached %s, in both versions', (peer, local, line) => {
    const client = subject(peer, local);
    expect(proxyHeaderOf('v1', client).toString()).toBe(line);
    const first = readHeader(Buffer.from(line));
    const second = readHeader(proxyHeaderOf('v2', client)) as ParsedHeader;
    const { source, destination } = first as ParsedHeader;
    expect(second).toMatchObject({ version: 2, isLocal: false, source, destination });
    expect(second.sizeBytes).toBe(16 + (line.includes('TCP4') ? 12 : 36));
  });

  it.each([
    ['nobody', undefined],
    ['a client of a unix socket', subject('unix', 'unix')],
  ])('names nobody for %s', (_name, client) => {
    expect(proxyHeaderOf('v1', client).toString()).toBe('PROXY UNKNOWN\r\n');
    expect(proxyHeaderOf('v2', client).toString('hex')).toBe(NOBODY_V2);
  });

  it('tells of the TLS connection that ended here', () => {
    const certificate = { subject: String.raw`O=Example,CN=a\,b,C=DE`, fingerprint256: '', verified: true };
    const tls = session({ alpn: 'http/1.1', sni: 'example.com', certificate });
    const header = sent(subject('192.0.2.7', '192.0.2.1', { tls }));
    expect(header).toMatchObject({
      alpn: 'http/1.1',
      authority: 'example.com',
      uniqueId: undefined,
      ssl: {
        isTls: true,
        hasCertificate: true,
        verified: true,
        version: 'TLSv1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        commonName: 'a,b',
      },
    });
  });

  it('tells that a client showed no certificate, or none that could be verified', () => {
    const without = sent(subject('192.0.2.7', '192.0.2.1', { tls: session({}) }));
    expect(without.ssl).toMatchObject({
      isTls: true,
      hasCertificate: false,
      verified: false,
      commonName: undefined,
    });
    const certificate = { subject: 'CN=x', fingerprint256: '', verified: false };
    const bad = sent(subject('192.0.2.7', '192.0.2.1', { tls: session({ certificate, resumed: true }) }));
    expect(bad.ssl).toMatchObject({ hasCertificate: true, verified: false, commonName: 'x' });
  });

  it.each([
    [String.raw`O=x\,CN=admin,CN=user`, 'user'],
    [String.raw`O=x\+CN=admin+CN=user`, 'user'],
    [String.raw`O=x\\,CN=user`, 'user'],
    [String.raw`CN=a\0Ab,O=x`, String.raw`a\0Ab`],
    [String.raw`O=x\, CN=admin`, undefined],
  ])('takes no other part of the subject %s for the common name', (name, commonName) => {
    const tls = session({ certificate: { subject: name, fingerprint256: '', verified: true } });
    expect(sent(subject('192.0.2.7', '192.0.2.1', { tls })).ssl?.commonName).toBe(commonName);
  });

  it('passes on what the proxy in front told, unless TLS ended here', () => {
    const ssl = Buffer.concat([Buffer.from([1, 0, 0, 0, 1]), tlv(0x21, 'TLSv1.2')]);
    const records = [tlv(0x01, 'h2'), tlv(0x02, 'front.example'), tlv(0x05, 'id-1'), tlv(0x20, ssl)];
    const proxy = new ReceivedHeader(readHeader(withChecksum(records)) as ParsedHeader, {
      address: '10.0.0.1',
      port: 1,
    });
    expect(sent(subject('192.0.2.7', '192.0.2.1', { proxy }))).toMatchObject({
      alpn: 'h2',
      authority: 'front.example',
      uniqueId: Buffer.from('id-1'),
      ssl: { isTls: true, version: 'TLSv1.2' },
    });
    const both = sent(subject('192.0.2.7', '192.0.2.1', { proxy, tls: session({ sni: 'inner.example' }) }));
    expect(both).toMatchObject({
      alpn: undefined,
      authority: 'inner.example',
      uniqueId: Buffer.from('id-1'),
      ssl: { version: 'TLSv1.3' },
    });
  });

  it('names the host that a client asked for whose connection is passed on undecrypted', () => {
    const passed = (sni: string | undefined) => ({ route: { upstream: 'up', sni } });
    expect(sent(subject('192.0.2.7', '192.0.2.1', passed('api.test')))).toMatchObject({
      authority: 'api.test',
      ssl: undefined,
    });
    expect(sent(subject('192.0.2.7', '192.0.2.1', passed(undefined))).tlvs).toEqual([]);
  });
});
