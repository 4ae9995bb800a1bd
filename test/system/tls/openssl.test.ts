import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { CertificateAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { opensslClient } from './openssl-client.ts';
import { isInstalled } from './run-tool.ts';

const NAMES = ['ec.test', 'rsa.test', 'both.test'] as const;
const VERSIONS = ['-tls1_2', '-tls1_3'] as const;

/** What a client can verify: everything, or certificates with one type of key. */
const CLIENTS = {
  any: { '-tls1_2': [], '-tls1_3': [] },
  rsa: {
    '-tls1_2': ['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256', '-sigalgs', 'RSA-PSS+SHA256:RSA+SHA256'],
    '-tls1_3': ['-sigalgs', 'RSA-PSS+SHA256:RSA+SHA256'],
  },
  ec: {
    '-tls1_2': ['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256', '-sigalgs', 'ECDSA+SHA256'],
    '-tls1_3': ['-sigalgs', 'ECDSA+SHA256'],
  },
} as const;

/** The key of the certificate that each client must get; '' where there is none for it. */
const EXPECTED: Readonly<Record<keyof typeof CLIENTS, readonly [string, string, string, string]>> = {
  any: ['ec', 'rsa', 'ec', 'ec'],
  rsa: ['', 'rsa', 'rsa', 'rsa'],
  ec: ['ec', '', 'ec', 'ec'],
};

const files: Record<string, string> = {};
let authority: CertificateAuthority;

beforeAll(() => {
  authority = new CertificateAuthority();
  const add = (stem: string, { chain, key }: IssuedCertificate): void => {
    files[`${stem}.crt`] = chain;
    files[`${stem}.key`] = key;
  };
  for (const name of ['ec.test', 'both.test', 'default.test'])
    add(`${name}-ec`, authority.issue({ names: [name, `*.${name}`] }));
  for (const name of ['rsa.test', 'both.test', 'default.test'])
    add(`${name}-rsa`, authority.issue({ names: [name, `*.${name}`], keyType: 'rsa' }));
  files['ca.crt'] = authority.cert;
});

const entry = (stem: string, more = ''): string =>
  `        - { cert_file: ${stem}.crt, key_file: ${stem}.key${more} }\n`;
const ALL_CERTIFICATES =
  ['ec.test-ec', 'rsa.test-rsa', 'both.test-ec', 'both.test-rsa'].map((stem) => entry(stem)).join('') +
  entry('default.test-ec', ', default: true') +
  entry('default.test-rsa', ', default: true');

async function secureProxy(more = ''): Promise<{ proxy: LabProxy; address: string; yaml: string }> {
  const server = await backend(answering(() => ok('hello')));
  const yaml = `listeners:
  - name: web
    listen: 127.0.0.1:0
    mode: http
    upstream: web
    tls:
${more}      certificates:
${ALL_CERTIFICATES}upstreams:
  - { name: web, backends: [{ address: '${server.address}' }] }
`;
  const proxy = await labProxy(yaml, files);
  return { proxy, address: proxy.address(), yaml };
}

// Skipped without openssl (apt-get install openssl).
describe.skipIf(!isInstalled('openssl'))('openssl s_client', () => {
  it.each(VERSIONS)('gets the certificate for its name and its abilities with %s', async (version) => {
    const { address } = await secureProxy();
    for (const [client, expected] of Object.entries(EXPECTED)) {
      const abilities = CLIENTS[client as keyof typeof CLIENTS][version];
      const ask = async (...name: readonly string[]): Promise<string> =>
        (await opensslClient(address, version, ...abilities, ...name)).certificate;
      for (const [index, name] of NAMES.entries()) {
        const wanted = expected[index] === '' ? '' : `${name} ${expected[index]}`;
        expect(await ask('-servername', name), `${client}: ${name}`).toBe(wanted);
        expect(await ask('-servername', `sub.${name}`), `${client}: sub.${name}`).toBe(wanted);
      }
      const byDefault = `default.test ${expected[3]}`;
      expect(await ask('-servername', 'unknown.test'), `${client}: unknown`).toBe(byDefault);
      expect(await ask('-servername', 'a.sub.ec.test'), `${client}: too deep`).toBe(byDefault);
      expect(await ask('-noservername'), `${client}: no name`).toBe(byDefault);
    }
  });

  it('verifies what it gets, and reads the response', async () => {
    const { proxy, address } = await secureProxy();
    const ca = join(proxy.directory, 'ca.crt');
    for (const name of NAMES) {
      const args = ['-servername', name, '-CAfile', ca, '-verify_hostname', name, '-verify_return_error'];
      const { text, version } = await opensslClient(address, ...args);
      expect(text).toContain('Verification: OK');
      expect(text).toContain('HTTP/1.1 200 OK');
      expect(version).toBe('TLSv1.3');
    }
  });

  it.each(VERSIONS)('resumes its session with %s, also over edits of the config', async (version) => {
    const { proxy, address, yaml } = await secureProxy();
    const session = join(proxy.directory, 'session.pem');
    const args = [version, '-servername', 'both.test', '-sess_out', session];
    expect((await opensslClient(address, ...args)).isResumed).toBe(false);
    const resumed = async (): Promise<boolean> =>
      (await opensslClient(address, ...args, '-sess_in', session)).isResumed;
    expect(await resumed()).toBe(true);
    await proxy.change(yaml.replace('mode: http', 'mode: http\n    max_connections: 1000'));
    expect(await resumed()).toBe(true);
    const renewed = authority.issue({ names: ['both.test', '*.both.test'] });
    writeFileSync(join(proxy.directory, 'both.test-ec.key'), renewed.key);
    writeFileSync(join(proxy.directory, 'both.test-ec.crt'), renewed.chain);
    await proxy.change(`${yaml}\n`);
    expect(await resumed()).toBe(true);
    rmSync(session);
  });

  // With TLS 1.3 OpenSSL sends tickets all the same, which hold nothing but a number and resume nothing.
  it('resumes nothing where tickets are off', async () => {
    const { proxy, address } = await secureProxy('      session_tickets_disabled: true\n');
    const session = join(proxy.directory, 'session.pem');
    for (const version of VERSIONS) {
      const args = [version, '-servername', 'ec.test'];
      const first = await opensslClient(address, ...args, '-sess_out', session);
      expect(first.certificate).toBe('ec.test ec');
      const offered = existsSync(session) ? ['-sess_in', session] : [];
      expect((await opensslClient(address, ...args, ...offered)).isResumed, version).toBe(false);
      rmSync(session, { force: true });
    }
  });

  it('cannot use old versions, weak ciphers or renegotiation', async () => {
    const { address } = await secureProxy();
    const weak = ['-cipher', 'ALL:@SECLEVEL=0'];
    for (const version of ['-tls1', '-tls1_1'])
      expect((await opensslClient(address, version, ...weak)).certificate, version).toBe('');
    for (const cipher of ['AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'NULL', 'aNULL', 'AES128-GCM-SHA256']) {
      const args = ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`, '-servername', 'rsa.test'];
      expect((await opensslClient(address, ...args)).certificate, cipher).toBe('');
    }
  });

  it('can be held to one version by the config', async () => {
    const modern = await secureProxy("      min_version: '1.3'\n");
    expect((await opensslClient(modern.address, '-tls1_2')).certificate).toBe('');
    expect((await opensslClient(modern.address, '-tls1_3')).version).toBe('TLSv1.3');
    const older = await secureProxy("      max_version: '1.2'\n");
    expect((await opensslClient(older.address)).version).toBe('TLSv1.2');
  });

  it('is refused with an unknown name where strict_sni is set', async () => {
    const { address } = await secureProxy('      strict_sni: true\n');
    for (const version of VERSIONS) {
      for (const name of [['-servername', 'unknown.test'], ['-noservername']]) {
        const { certificate, text } = await opensslClient(address, version, ...name);
        expect(certificate).toBe('');
        expect(text).toMatch(/unrecognized name/);
      }
      expect((await opensslClient(address, version, '-servername', 'ec.test')).certificate).toBe(
        'ec.test ec',
      );
    }
  });

  it('shows its certificate where clients must', async () => {
    const more = '      client_auth: require-and-verify\n      client_ca_file: ca.crt\n';
    const { proxy, address } = await secureProxy(more);
    const path = (name: string): string => join(proxy.directory, name);
    const write = (stem: string, { cert, key }: IssuedCertificate): string[] => {
      writeFileSync(path(`${stem}.crt`), cert);
      writeFileSync(path(`${stem}.key`), key);
      return ['-cert', path(`${stem}.crt`), '-key', path(`${stem}.key`)];
    };
    const mine = write('mine', authority.issue('client'));
    const foreign = write('foreign', new CertificateAuthority('other').issue('client'));
    const expired = write('expired', authority.issueExpired({ subject: 'client' }));
    for (const version of VERSIONS) {
      const answer = async (args: readonly string[]): Promise<string> =>
        (await opensslClient(address, version, '-servername', 'ec.test', ...args)).text;
      expect(await answer(mine)).toContain('200 OK');
      for (const [args, sentence] of [
        [[], 'needs a client certificate, and none was sent'],
        [foreign, 'not signed by an authority that this server trusts'],
        [expired, 'has expired'],
      ] as const) {
        const text = await answer(args);
        expect(text).toContain('400 Bad Request');
        expect(text).toContain(sentence);
        // It says so when a connection ends without close_notify.
        expect(text).not.toContain('unexpected eof');
      }
    }
  });
});
