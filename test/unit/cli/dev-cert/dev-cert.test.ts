import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseCommandLine } from '../../../../src/cli/command-line/command-line.ts';
import { devCert } from '../../../../src/cli/dev-cert/dev-cert.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { testContext } from '../test-context.ts';

let top = '';
let folder = '';

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'balance-dev-cert-'));
  folder = join(top, 'certs');
});

afterEach(() => {
  rmSync(top, { recursive: true });
});

async function run(...words: readonly string[]) {
  const line = parseCommandLine(['dev-cert', ...words, '--folder', folder], {});
  if (line.command !== 'dev-cert') throw new Error(JSON.stringify(line));
  const context = testContext();
  const code = await devCert(line, context);
  return { code, ...context.written(top) };
}

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const certificate = (name: string): X509Certificate => new X509Certificate(read(name));

describe('balance dev-cert', () => {
  it('makes a CA once, and certificates that lead to it', async () => {
    const first = await run('localhost', '*.app.test', '127.0.0.1', '::1');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(folder).sort()).toEqual([
      '.gitignore',
      'ca.crt',
      'ca.key',
      'localhost.crt',
      'localhost.key',
    ]);
    const ca = certificate('ca.crt');
    const server = certificate('localhost.crt');
    expect(ca.ca && server.verify(ca.publicKey) && server.checkIssued(ca)).toBe(true);
    expect(server.checkPrivateKey(createPrivateKey(read('localhost.key')))).toBe(true);
    expect(server.subjectAltName).toBe(
      'DNS:localhost, DNS:*.app.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    const before = read('ca.crt');
    const second = await run('other.test');
    expect(second.stdout).toContain('certs/ca.crt: the CA that was there signed it');
    expect(read('ca.crt')).toBe(before);
    expect(certificate('other.test.crt').checkIssued(ca)).toBe(true);
  });

  it('says what it wrote, what belongs into the config, and how clients come to trust it', async () => {
    const { stdout } = await run('app.test', '*.app.test');
    expect(stdout).toMatch(
      /^certs\/app\.test\.crt and certs\/app\.test\.key: .*app\.test, \*\.app\.test, valid until 20/,
    );
    expect(stdout).toContain('\ntls:\n  cert_file: certs/app.test.crt\n  key_file: certs/app.test.key\n');
    expect(stdout).toContain('curl --cacert certs/ca.crt https://app.test:8443/');
    expect(stdout).toContain('NODE_EXTRA_CA_CERTS=certs/ca.crt');
  });

  it('keeps private keys to their owner, and all of it out of repositories', async () => {
    await run('localhost');
    for (const name of ['ca.key', 'localhost.key'])
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(read('.gitignore')).toBe('*\n');
  });

  it('replaces a certificate only when asked to, and the CA never', async () => {
    await run('localhost');
    const [ca, cert] = [read('ca.crt'), read('localhost.crt')];
    const refused = await run('localhost');
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'balance: certs/localhost.crt exists already: use it with certs/localhost.key, or replace it with --force\n',
    });
    expect(read('localhost.crt')).toBe(cert);
    chmodSync(join(folder, 'localhost.key'), 0o644);
    expect(await run('localhost', '--force')).toMatchObject({ code: 0 });
    expect(read('localhost.crt')).not.toBe(cert);
    expect(read('ca.crt')).toBe(ca);
    expect(statSync(join(folder, 'localhost.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('makes certificates with RSA keys beside those with ECDSA', async () => {
    await run('localhost');
    await run('localhost', '--rsa', '--days', '3');
    expect(certificate('localhost.crt').publicKey.asymmetricKeyType).toBe('ec');
    const rsa = certificate('localhost-rsa.crt');
    expect(rsa.publicKey.asymmetricKeyType).toBe('rsa');
    expect((Date.parse(rsa.validTo) - Date.now()) / 86_400_000).toBeCloseTo(3, 1);
  });

  it('makes certificates for clients', async () => {
    const { stdout } = await run('--client', 'Alice <alice@app.test>');
    const client = certificate('Alice__alice_app.test_-client.crt');
    // Not `toLegacyObject`: where it comes before the first import of `node:tls`, Node.js 20 to 26 leave that module without
    // `createSecureContext`, also for every test after this one in the same process.
    expect(client.subject).toBe('CN=Alice \\<alice@app.test\\>');
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(stdout).toContain('  client_auth: require-and-verify\n  client_ca_file: certs/ca.crt\n');
    expect(stdout).toContain('--cert certs/Alice__alice_app.test_-client.crt --key certs/');
  });

  it('never outlives its CA', async () => {
    await run('localhost');
    const soon = new Date(Date.now() + 5 * 86_400_000);
    const own = new CertificateAuthority('own', { notAfter: soon });
    writeFileSync(join(folder, 'ca.crt'), own.cert);
    writeFileSync(join(folder, 'ca.key'), own.key);
    await run('other.test');
    expect(certificate('other.test.crt').issuer).toBe('CN=own');
    expect(certificate('other.test.crt').validTo).toBe(certificate('ca.crt').validTo);
  });

  it('gives a server called ca other files than the CA has', async () => {
    await run('ca');
    expect(certificate('ca-server.crt').subject).toBe('CN=ca');
    expect(certificate('ca.crt').ca).toBe(true);
  });

  describe('says what is wrong with the CA that is there', () => {
    const expired = new CertificateAuthority('old', { notAfter: new Date(Date.now() - 1_000) });
    const good = new CertificateAuthority('good');
    const server = good.issue();
    const ending = 'to have a new CA made, which clients must trust anew';
    it.each([
      [
        'its key is missing',
        good.cert,
        undefined,
        `certs/ca.key is missing beside certs/ca.crt: put it back, or remove certs/ca.crt ${ending}`,
      ],
      [
        'only its key is there',
        undefined,
        good.key,
        `certs/ca.crt is missing beside certs/ca.key: put it back, or remove certs/ca.key ${ending}`,
      ],
      [
        'it expired',
        expired.cert,
        expired.key,
        /certs\/ca\.crt expired on .*: remove certs\/ca\.crt and certs\/ca\.key/,
      ],
      ['it is no CA', server.cert, server.key, /certs\/ca\.crt is no certificate of a CA: remove/],
      [
        'the key is of another',
        good.cert,
        server.key,
        /cannot be used: the key does not belong to the certificate/,
      ],
      ['it is no certificate', 'nothing', good.key, /certs\/ca\.crt and certs\/ca\.key cannot be used: /],
    ])('%s', async (_why, cert, key, message) => {
      await run('first.test');
      for (const [name, text] of [
        ['ca.crt', cert],
        ['ca.key', key],
      ] as const) {
        if (text === undefined) rmSync(join(folder, name));
        else writeFileSync(join(folder, name), text);
      }
      const { code, stdout, stderr } = await run('localhost');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
      expect(readdirSync(folder)).not.toContain('localhost.crt');
    });
  });
});
