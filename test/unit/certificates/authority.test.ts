import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';

import { Authority, DEFAULT_DAYS, type KeyType } from '../../../src/certificates/authority.ts';
import { CertificateAuthority, daysFromNow } from '../../support/certificates.ts';

const KEY_TYPES: readonly KeyType[] = ['ecdsa', 'rsa'];

describe('an authority', () => {
  it.each(KEY_TYPES)('issues certificates that lead to it, with a key of %s', (keyType) => {
    const authority = Authority.create('root', { keyType });
    const root = new X509Certificate(authority.cert);
    expect(root.ca).toBe(true);
    expect(root.checkIssued(root)).toBe(true);
    for (const leafType of KEY_TYPES) {
      const { cert, key } = authority.issue({ names: ['a.test'], keyType: leafType });
      const leaf = new X509Certificate(cert);
      expect([leaf.ca, leaf.checkIssued(root), leaf.verify(root.publicKey)]).toEqual([false, true, true]);
      expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
      expect(leaf.publicKey.asymmetricKeyType).toBe(leafType === 'rsa' ? 'rsa' : 'ec');
    }
  });

  it('writes host names, wildcards and addresses of both kinds', () => {
    const names = ['a.test', '*.b.test', '127.0.0.1', '::1', '2001:db8::a:0:0:1', '::ffff:192.0.2.1'];
    const cert = new X509Certificate(Authority.create('root').issue({ names }).cert);
    expect(cert.subject).toBe('CN=a.test');
    expect(cert.subjectAltName?.split(', ')).toEqual([
      'DNS:a.test',
      'DNS:*.b.test',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:2001:DB8:0:0:A:0:0:1',
      'IP Address:0:0:0:0:0:FFFF:C000:201',
    ]);
    expect(cert.checkHost('x.b.test')).toBe('*.b.test');
    expect(cert.checkIP('2001:db8::a:0:0:1')).toBeDefined();
    expect(cert.checkHost('c.test')).toBeUndefined();
  });

  it('has validity to the second, on both sides of 2050, and one that is long enough by default', () => {
    const authority = Authority.create('root');
    const notBefore = new Date('2030-01-02T03:04:05Z');
    const notAfter = new Date('2051-06-07T08:09:10Z');
    const cert = new X509Certificate(authority.issue({ notBefore, notAfter }).cert);
    expect([new Date(cert.validFrom), new Date(cert.validTo)]).toEqual([notBefore, notAfter]);
    const usual = new X509Certificate(authority.issue({}).cert);
    expect(Date.parse(usual.validFrom)).toBeLessThan(Date.now());
    expect((Date.parse(usual.validTo) - Date.now()) / 86_400_000).toBeCloseTo(DEFAULT_DAYS, 1);
  });

  it('never gives a serial number twice', () => {
    const authority = Authority.create('root');
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(authority.issue({}).cert).serialNumber,
    );
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('encrypts keys', () => {
    const { key } = Authority.create('root').issue({ keyPassword: 'secret' });
    expect(key).toContain('ENCRYPTED');
    expect(() => createPrivateKey(key)).toThrow();
    expect(createPrivateKey({ key, passphrase: 'secret' }).type).toBe('private');
  });

  it('goes on from its files, and takes only a pair', () => {
    const first = Authority.create('root');
    const again = Authority.fromPem(first.cert, first.key);
    const leaf = new X509Certificate(again.issue({ names: ['a.test'] }).cert);
    expect(leaf.checkIssued(new X509Certificate(first.cert))).toBe(true);
    expect(() => Authority.fromPem(first.cert, Authority.create('other').key)).toThrow(/does not belong/);
    expect(() => Authority.fromPem('no certificate', first.key)).toThrow();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is trusted by clients over an intermediate authority, with %s',
    async (version) => {
      const root = new CertificateAuthority();
      const server = root.intermediate().issue({ names: ['a.test'] });
      const client = root.issue('client');
      const options = { minVersion: version, maxVersion: version, ca: root.cert };
      const listening = createServer(
        { ...options, cert: server.chain, key: server.key, requestCert: true },
        (socket) => socket.end(`hello ${String(socket.getPeerCertificate().subject.CN)}`),
      ).listen(0, '127.0.0.1');
      await once(listening, 'listening');
      const { port } = listening.address() as { port: number };
      const socket = connect({ ...options, cert: client.cert, key: client.key, port, servername: 'a.test' });
      socket.setEncoding('utf8');
      const [text] = (await once(socket, 'data')) as [string];
      expect(text).toBe('hello client');
      socket.destroy();
      listening.close();
    },
  );
});

describe('the certificates of tests', () => {
  it('are out of their time where that is wanted', () => {
    const authority = new CertificateAuthority();
    const expired = new X509Certificate(authority.issueExpired().cert);
    const early = new X509Certificate(authority.issueNotYetValid().cert);
    expect(Date.parse(expired.validTo)).toBeLessThan(Date.now());
    expect(Date.parse(early.validFrom)).toBeGreaterThan(Date.now());
  });

  it('can be taken back', async () => {
    const authority = new CertificateAuthority();
    const [good, bad, server] = [authority.issue('good'), authority.issue('bad'), authority.issue()];
    const crl = authority.revocationList([bad], daysFromNow(3));
    const listening = createServer({
      ...server,
      ca: authority.cert,
      crl,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion: 'TLSv1.2',
    }).listen(0, '127.0.0.1');
    listening.on('secureConnection', (socket) => socket.end('hello'));
    await once(listening, 'listening');
    const { port } = listening.address() as { port: number };
    const outcome = ({ cert, key }: { cert: string; key: string }): Promise<string> => {
      const socket = connect({ port, ca: authority.cert, cert, key, servername: 'localhost' });
      socket.on('error', () => undefined);
      let text = '';
      socket.on('data', (bytes) => (text += String(bytes)));
      return new Promise((resolve) => {
        socket.on('close', () => {
          resolve(text);
        });
      });
    };
    expect([await outcome(good), await outcome(bad)]).toEqual(['hello', '']);
    listening.close();
  });
});
