import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { CertificateAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { isInstalled, runTool } from './run-tool.ts';

/** The name of each certificate; the first one is for clients that ask for no name, or an unknown one. */
const STEMS = [
  'default.test-ec',
  'default.test-rsa',
  'ec.test-ec',
  'rsa.test-rsa',
  'both.test-ec',
  'both.test-rsa',
];
const NAMES = ['ec.test', 'rsa.test', 'both.test'] as const;
const CIPHERS = { ec: 'ECDHE-ECDSA-AES256-GCM-SHA384', rsa: 'ECDHE-RSA-AES256-GCM-SHA384' } as const;
const TLS_1_2 = ['--tlsv1.2', '--tls-max', '1.2'];
const VERSIONS = { 'TLSv1.2': TLS_1_2, 'TLSv1.3': ['--tlsv1.3'] } as const;
/** curl could not agree with the server, and it does not trust the certificate. */
const [NO_HANDSHAKE, UNTRUSTED] = [35, 60];

const files: Record<string, string> = {};

beforeAll(() => {
  const authority = new CertificateAuthority();
  for (const stem of STEMS) {
    const [name = '', type] = stem.split('-');
    const { chain, key }: IssuedCertificate = authority.issue({
      names: [name],
      keyType: type === 'rsa' ? 'rsa' : 'ecdsa',
    });
    files[`${stem}.crt`] = chain;
    files[`${stem}.key`] = key;
  }
  files['ca.crt'] = authority.cert;
});

class Curl {
  readonly proxy: LabProxy;

  constructor(proxy: LabProxy) {
    this.proxy = proxy;
  }

  static async start(): Promise<Curl> {
    const { address } = await backend(answering(() => ok('hello')));
    const pairs = STEMS.map((stem) => `{ cert_file: ${stem}.crt, key_file: ${stem}.key }`);
    const yaml = `mode: http
listen: 127.0.0.1:0
tls: { certificates: [${pairs.join(', ')}] }
backends: [{ address: '${address}' }]
logging: { level: info, access_log: { format: text, fields: [path, tls_version, tls_cipher, tls_sni, tls_resumed] } }
`;
    return new Curl(await labProxy(yaml, files));
  }

  /** Asks once for each path, each on a connection of its own. Resolves with curl's exit code, and all that it wrote. */
  async ask(host: string, paths: readonly string[], ...args: readonly string[]) {
    const port = this.proxy.address().split(':')[1] ?? '';
    const ca = join(this.proxy.directory, 'ca.crt');
    const own = [
      '-sSv',
      '--max-time',
      '30',
      '--cacert',
      ca,
      '--connect-to',
      `${host}:${port}:127.0.0.1:${port}`,
    ];
    const urls = paths.map((path) => `https://${host}:${port}${path}`);
    return runTool('curl', [...own, '-H', 'Connection: close', ...args, ...urls]);
  }
}

// Skipped without curl (apt-get install curl).
describe.skipIf(!isInstalled('curl'))('curl', () => {
  it.each(Object.entries(VERSIONS))('trusts the certificate of each name with %s', async (version, args) => {
    const curl = await Curl.start();
    for (const name of NAMES) {
      const { code, stdout } = await curl.ask(name, [`/${name}`], ...args);
      expect([code, stdout], name).toEqual([0, 'hello']);
      expect(await curl.proxy.untilLogged(`/${name}`)).toMatch(
        new RegExp(`tls_version=${version} .*tls_sni=${name} `),
      );
    }
  });

  it('gets the kind of certificate that its cipher suites are for, or none', async () => {
    const curl = await Curl.start();
    const code = async (name: string, kind: keyof typeof CIPHERS): Promise<number | null> =>
      (await curl.ask(name, ['/'], ...TLS_1_2, '--ciphers', CIPHERS[kind])).code;
    expect([await code('ec.test', 'ec'), await code('ec.test', 'rsa')]).toEqual([0, NO_HANDSHAKE]);
    expect([await code('rsa.test', 'ec'), await code('rsa.test', 'rsa')]).toEqual([NO_HANDSHAKE, 0]);
    expect([await code('both.test', 'ec'), await code('both.test', 'rsa')]).toEqual([0, 0]);
  });

  it.each(Object.entries(VERSIONS))(
    'gets the default with an unknown name, and with none, over %s',
    async (_, args) => {
      const curl = await Curl.start();
      for (const host of ['unknown.test', '127.0.0.1']) {
        expect((await curl.ask(host, ['/'], ...args)).code, host).toBe(UNTRUSTED);
        const { stdout, text } = await curl.ask(host, ['/'], ...args, '--insecure');
        expect(stdout).toBe('hello');
        expect(text, host).toMatch(/subject: CN ?= ?default\.test/);
      }
    },
  );

  // With TLS 1.2 curl asks for no session ticket. It could resume by the session's number alone, and the proxy keeps no list of sessions.
  it('resumes its session over TLS 1.3', async () => {
    const curl = await Curl.start();
    const { code, stdout } = await curl.ask('both.test', ['/first', '/second'], ...VERSIONS['TLSv1.3']);
    expect([code, stdout]).toEqual([0, 'hellohello']);
    expect(await curl.proxy.untilLogged('/first')).toContain('tls_resumed=false');
    expect(await curl.proxy.untilLogged('/second')).toContain('tls_resumed=true');
  });
});
