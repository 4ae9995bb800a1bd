import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import type { KeyType } from '../../src/certificates/authority.ts';
import { CertificateAuthority } from '../support/certificates.ts';

const isMissing = spawnSync('openssl', ['version']).status !== 0;
const folder = mkdtempSync(join(tmpdir(), 'balance-certificates-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function openssl(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return status === 0 ? stdout : `${stdout}${stderr}`;
}

// Skipped without openssl (apt-get install openssl).
describe.skipIf(isMissing)('openssl verify -x509_strict', () => {
  const verify = ['verify', '-x509_strict', '-policy_check', '-check_ss_sig'];

  it.each<KeyType>(['ecdsa', 'rsa'])('finds nothing wrong with a chain of three (%s)', (keyType) => {
    const root = new CertificateAuthority('root', { keyType });
    const middle = root.intermediate('middle', { keyType });
    const names = ['a.test', '*.b.test', '127.0.0.1', '::1'];
    const leaf = middle.issue({ names, keyType, usage: 'server' });
    const trusted = file('root.pem', root.cert);
    const between = file('middle.pem', middle.cert);
    const cert = file('leaf.pem', leaf.cert);
    const chain = ['-CAfile', trusted, '-untrusted', between];
    expect(openssl(...verify, '-CAfile', trusted, trusted)).toContain(': OK');
    expect(openssl(...verify, ...chain, '-purpose', 'sslserver', cert)).toContain(': OK');
    for (const check of ['-verify_hostname x.b.test', '-verify_hostname a.test', '-verify_ip ::1'])
      expect(openssl(...verify, ...chain, ...check.split(' '), cert), check).toContain(': OK');
    expect(openssl(...verify, ...chain, '-verify_hostname', 'c.test', cert)).toContain('hostname mismatch');
    expect(openssl(...verify, ...chain, '-purpose', 'sslclient', cert)).toContain(
      'unsuitable certificate purpose',
    );
    const bare = file('bare.pem', middle.issue({ names, subject: '', keyType }).cert);
    expect(openssl(...verify, ...chain, bare)).toContain(': OK');
  });

  it('reads the lists of certificates that were taken back', () => {
    const root = new CertificateAuthority('root');
    const [good, bad] = [root.issue('good'), root.issue('bad')];
    const trusted = file('root.pem', root.cert);
    const list = file('list.pem', root.revocationList([bad]));
    const check = [...verify, '-crl_check', '-CAfile', trusted, '-CRLfile', list];
    expect(openssl(...check, file('good.pem', good.cert))).toContain(': OK');
    expect(openssl(...check, file('bad.pem', bad.cert))).toContain('certificate revoked');
  });

  it('tells which certificates are out of their time', () => {
    const root = new CertificateAuthority('root');
    const trusted = file('root.pem', root.cert);
    const outcome = (cert: string): string => openssl(...verify, '-CAfile', trusted, file('leaf.pem', cert));
    expect(outcome(root.issueExpired().cert)).toContain('certificate has expired');
    expect(outcome(root.issueNotYetValid().cert)).toContain('certificate is not yet valid');
  });
});
