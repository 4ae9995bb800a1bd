import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import {
  certificate,
  keyIdOf,
  nameOf,
  pem,
  signatureAlgorithm,
  signed,
} from '../../../../../src/certificates/certificate.ts';
import { objectId, sequence, smallInteger, tagged, time } from '../../../../../src/certificates/der.ts';
import { extension } from '../../../../../src/certificates/extensions.ts';
import { ConfigError } from '../../../../../src/config/load/config-error.ts';
import { formatProblem } from '../../../../../src/config/problems/problem.ts';
import { CertificateAuthority, daysFromNow } from '../../../../support/certificates.ts';
import { loadConfig } from '../../../../support/labs/load-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'balance-pairs-'));
const ca = new CertificateAuthority('Example CA');
const caKey = createPrivateKey(ca.key);

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** From OpenSSL: valid for a hundred years, and signed with SHA-1. */
const SHA1_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBCTCBsQIBATAJBgcqhkjOPQQBMA4xDDAKBgNVBAMMA09sZDAgFw0yMDAxMDEw
MDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJc2hhMS50ZXN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHrKrCTZu6geANBhwZBQbkc5PiDjKaOV8
AvOK4PPVUZzCd7MKxpKiChlgc598fi5+pFfrpnG4WcGXlVCvK29oGTAJBgcqhkjO
PQQBA0gAMEUCIAIaQdD2th1jQ6IX6OWUCprUiaXcF34kS1sTCubJ9DdMAiEAwmz3
FL0RyCaZUlLAnjZVE0f7ycA4J1imtckhn5358DY=
-----END CERTIFICATE-----
`;

function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A certificate that says where that of its issuer is, as those of public authorities do. */
function publicCertificate(publicKey: KeyObject): string {
  const url = tagged(0x86, Buffer.from('http://ca.test/intermediate.crt'));
  const issuers = sequence(sequence(objectId('1.3.6.1.5.5.7.48.2'), url));
  const body = sequence(
    tagged(0xa0, smallInteger(2)),
    smallInteger(7),
    signatureAlgorithm(caKey),
    nameOf('Public Intermediate'),
    sequence(time(daysFromNow(-1)), time(daysFromNow(300))),
    nameOf('www.example.com'),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(extension('1.3.6.1.5.5.7.1.1', issuers))),
  );
  return pem('CERTIFICATE', signed(body, caKey));
}

/** What a load says about a pair: its problems, or its warnings when there are none. */
async function linesOf(cert: string | Buffer, key: string | Buffer): Promise<string[]> {
  writeFileSync(join(directory, 'a.crt'), cert);
  writeFileSync(join(directory, 'a.key'), key);
  const file = join(directory, 'x.yaml');
  writeFileSync(file, 'backends: [{ address: "a:1" }]\ntls: { cert_file: a.crt, key_file: a.key }\n');
  const inShort = (lines: readonly Parameters<typeof formatProblem>[0][]): string[] =>
    lines.map((line) => formatProblem(line).replace(/^.*x\.yaml:\d+:\d+ /, ''));
  try {
    const { warnings } = await loadConfig(file, { modes: ['http', 'tcp'], filesInUse: new Set() });
    return inShort(warnings).map((line) => `warning ${line}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return inShort(error.problems);
  }
}

describe('a certificate that clients refuse', () => {
  it('may have a key that is too short', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const times = { notBefore: daysFromNow(-1), notAfter: daysFromNow(300) };
    const issuer = { name: nameOf('Example CA'), key: caKey, keyId: keyIdOf(publicKey) };
    const names = ['a.test'];
    const cert = certificate({ subject: 'a.test', publicKey, names, usage: 'server', ...times }, issuer);
    expect(await linesOf(cert, keyText(privateKey))).toEqual([
      'tls.cert_file names the file "a.crt", which holds a key that is too short: the certificate in line 1 has an RSA key of 1024 bits, and at least 2048 are needed',
    ]);
  });

  it('may have a signature with SHA-1 in its chain', async () => {
    const { chain, key } = ca.issue({ names: ['a.test'] });
    const line = chain.split('\n').length;
    expect(await linesOf(chain + SHA1_CERTIFICATE, key)).toContain(
      `tls.cert_file names the file "a.crt", which holds a signature that can be forged: the certificate in line ${line} is signed with SHA-1; have it issued again with SHA-256`,
    );
  });

  it('may lack the one between it and a public root', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(await linesOf(publicCertificate(publicKey), keyText(privateKey))).toEqual([
      'warning tls.cert_file names the file "a.crt", which lacks the intermediate certificate of "CN=Public Intermediate": clients that do not have it refuse the connection',
    ]);
  });

  it('may be for clients alone', async () => {
    const { chain, key } = ca.issue({ names: ['a.test'], usage: 'client' });
    expect(await linesOf(chain, key)).toEqual([
      'warning tls.cert_file names the file "a.crt", which holds a certificate that is not meant for servers: clients refuse it',
    ]);
  });
});

describe('a file in another form than PEM', () => {
  const { chain, key } = ca.issue({ names: ['a.test'] });
  const of = (version: readonly number[]): Buffer => Buffer.from([0x30, 0x82, 0x04, 0x00, ...version]);

  it.each([
    ['PKCS #12', of([2, 1, 3, 0x30]), 'is a PKCS #12 file (.p12, .pfx), not PEM: convert it with openssl'],
    ['DER', of([0x30, 0x82, 1, 2]), 'is in the binary form DER, not PEM: convert it with openssl'],
    ['JKS', Buffer.from('feedfeed00000002', 'hex'), 'is a Java key store: export its certificate and key'],
  ])('%s is told how to be converted', async (_form, bytes, words) => {
    const [cert = '', ...others] = await linesOf(bytes, key);
    expect(cert).toContain(`tls.cert_file names the file "a.crt", which ${words}`);
    expect(others).toEqual([]);
    expect((await linesOf(chain, bytes)).join('\n')).toContain(
      `tls.key_file names the file "a.key", which ${words}`,
    );
  });

  it('may be a request or a bundle', async () => {
    const block = (label: string): string => `-----BEGIN ${label}-----\nMIIB\n-----END ${label}-----\n`;
    expect((await linesOf(block('CERTIFICATE REQUEST'), key)).join()).toContain(
      'holds no certificate, but a certificate request (CSR), which an authority has not signed yet',
    );
    expect((await linesOf(block('PKCS7'), key)).join()).toContain('but a PKCS #7 bundle');
    expect((await linesOf(chain, block('OPENSSH PRIVATE KEY'))).join()).toContain(
      'holds a key of SSH: convert it',
    );
  });
});
