import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ConfigError } from '../../../../../src/config/load/config-error.ts';
import type { LoadedConfig } from '../../../../../src/config/load/loaded-config.ts';
import { formatProblem } from '../../../../../src/config/problems/problem.ts';
import { CertificateAuthority, daysFromNow } from '../../../../support/certificates.ts';
import { loadConfig } from '../../../../support/labs/load-config.ts';
import { yaml } from '../../problems-of.ts';

let directory = '';
const ca = new CertificateAuthority('Example CA');
const other = new CertificateAuthority('Other CA');
const between = ca.intermediate('Example Intermediate');
const site = ca.issue({ names: ['www.example.com', '*.shop.example'] });
const rsa = ca.issue({ names: ['www.example.com'], keyType: 'rsa' });
const chained = between.issue({ names: ['www.example.com'] });
/** Without a subject, as authorities issue certificates for a few days. */
const nobody = ca.issue({ subject: '', names: ['www.example.com'] });
const locked = ca.issue({ names: ['www.example.com'], keyPassword: 'open sesame' });

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'balance-certificates-'));
  const expired = ca.issueExpired({ names: ['old.example.com'] });
  const early = ca.issueNotYetValid({ names: ['early.example.com'] });
  const soon = ca.issue({
    names: ['soon.example.com'],
    notBefore: daysFromNow(-60),
    notAfter: daysFromNow(7.5),
  });
  const [leaf = '', issuer = ''] = chained.chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const unknown = ca.issue({ names: ['www.example.com', 'api.example.com'] });
  const files: Record<string, string | Buffer> = {
    'site.crt': site.cert,
    'site.key': site.key,
    'nobody.crt': nobody.cert,
    'nobody.key': nobody.key,
    'rsa.crt': rsa.cert,
    'rsa.key': rsa.key,
    'chained.crt': chained.chain,
    'chained.key': chained.key,
    'swapped.crt': issuer + leaf,
    'twisted.crt': leaf + ca.cert + issuer,
    'unrelated.crt': leaf + other.cert,
    'expired.crt': expired.cert,
    'expired.key': expired.key,
    'early.crt': early.cert,
    'early.key': early.key,
    'soon.crt': soon.cert,
    'soon.key': soon.key,
    'two.crt': unknown.cert,
    'two.key': unknown.key,
    'locked.crt': locked.cert,
    'locked.key': locked.key,
    pass: 'open sesame\n',
    'wrong.pass': 'open barley\n',
    'empty.pass': '\n',
    'der.crt': Buffer.from(site.cert.replaceAll(/-----[^-]+-----/g, ''), 'base64'),
    'text.crt': 'this is no certificate\n',
    'empty.pem': '\n',
    'cut.crt': site.cert.slice(0, -60),
    'broken.crt': site.cert.replace(/\n[A-Za-z0-9+/]{10}/, '\nAAAAAAAAAA'),
    'both.key': site.key + rsa.key,
    'public.key': generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
    'ca.crt': ca.cert,
    'other-ca.crt': other.cert,
    'ca-and-key.crt': ca.cert + ca.key,
    'leaf-ca.crt': site.cert,
    'good.crl': ca.revocationList([]),
    'old.crl': ca.revocationList([], daysFromNow(-2)),
    'broken.crl': '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n',
    'client.crt': ca.issue({ subject: 'client', usage: 'client' }).cert,
    'large.crt': Buffer.alloc(5_000_000, 'x'),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const [clientCrt, clientKey] = clientPair();
  writeFileSync(join(directory, 'client.crt'), clientCrt);
  writeFileSync(join(directory, 'client.key'), clientKey);
  mkdirSync(join(directory, 'folder'));
});

function clientPair(): readonly [string, string] {
  const { cert, key } = ca.issue({ subject: 'client', names: [], usage: 'client' });
  return [cert, key];
}

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A load of a file with that text, in the folder of the certificates. */
async function load(text: string, filesInUse?: ReadonlySet<string>): Promise<LoadedConfig> {
  const file = join(directory, 'x.yaml');
  writeFileSync(file, text);
  const options = { modes: ['http', 'tcp'], ...(filesInUse === undefined ? {} : { filesInUse }) };
  return loadConfig(file, options);
}

/** The lines of problems, or of warnings when there are none, without the name of the folder. */
async function linesOf(text: string, filesInUse?: ReadonlySet<string>): Promise<string[]> {
  try {
    const { warnings } = await load(text, filesInUse);
    return warnings.map((warning) => `warning ${inShort(formatProblem(warning))}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => inShort(formatProblem(problem)));
  }
}

function inShort(line: string): string {
  return line.replace(`${directory}/`, '').replaceAll(/\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?/g, 'DATE');
}

/** A flat file with these keys under `tls`, each on a line of its own from line 3 on. */
function flat(tls: readonly string[]): string {
  return ['backends: [{ address: "127.0.0.1:1" }]', 'tls:', ...tls.map((line) => `  ${line}`), ''].join('\n');
}

const EDIT = new Set<string>();

describe('a certificate of a listener', () => {
  it('is accepted with its key', async () => {
    expect(await linesOf(flat(['cert_file: site.crt', 'key_file: site.key']), EDIT)).toEqual([]);
    expect(await linesOf(flat(['cert_file: chained.crt', 'key_file: chained.key']), EDIT)).toEqual([]);
    const encrypted = ['cert_file: locked.crt', 'key_file: locked.key', 'key_password_file: pass'];
    expect(await linesOf(flat(encrypted), EDIT)).toEqual([]);
  });

  it.each([
    ['none.crt', 'site.key', '3:14 tls.cert_file names the file "none.crt", which does not exist'],
    ['folder', 'site.key', '3:14 tls.cert_file names the file "folder", which is a directory, not a file'],
    ['large.crt', 'site.key', '3:14 tls.cert_file names the file "large.crt", which must be at most 4MiB'],
    [
      'der.crt',
      'site.key',
      '3:14 tls.cert_file names the file "der.crt", which is in the binary form DER, not PEM: convert it with openssl x509 (or pkey, or crl) -inform der',
    ],
    ['empty.pem', 'site.key', '3:14 tls.cert_file names the file "empty.pem", which is empty'],
    ['site.crt', 'empty.pem', '4:13 tls.key_file names the file "empty.pem", which is empty'],
    [
      'text.crt',
      'site.key',
      '3:14 tls.cert_file names the file "text.crt", which holds no certificate, but something other than PEM: none of its lines begins with -----BEGIN',
    ],
    [
      'site.key',
      'site.key',
      '3:14 tls.cert_file names the file "site.key", which holds no certificate, but a private key',
    ],
    [
      'cut.crt',
      'site.key',
      '3:14 tls.cert_file names the file "cut.crt", which is cut off: its certificate in line 1 has no end',
    ],
    [
      'broken.crt',
      'site.key',
      /^x.yaml:3:14 tls.cert_file names the file "broken.crt", which can't be read: its certificate in line 1 is broken \(/,
    ],
    ['site.crt', 'none.key', '4:13 tls.key_file names the file "none.key", which does not exist'],
    [
      'site.crt',
      'site.crt',
      '4:13 tls.key_file names the file "site.crt", which holds no private key, but a certificate',
    ],
    [
      'site.crt',
      'public.key',
      '4:13 tls.key_file names the file "public.key", which holds no private key, but a public key',
    ],
    [
      'site.crt',
      'both.key',
      '4:13 tls.key_file names the file "both.key", which holds 2 private keys (lines 1, 6): keep one of them',
    ],
    [
      'site.crt',
      'rsa.key',
      '4:13 tls.key_file names the file "rsa.key", whose private key does not belong to the certificate in "site.crt"',
    ],
    [
      'locked.crt',
      'locked.key',
      '4:13 tls.key_file names the file "locked.key", which holds an encrypted private key: name the file with its password in key_password_file',
    ],
    [
      'expired.crt',
      'expired.key',
      '3:14 tls.cert_file names the file "expired.crt", which holds the certificate of old.example.com (line 1), which expired on DATE',
    ],
    [
      'early.crt',
      'early.key',
      '3:14 tls.cert_file names the file "early.crt", which holds the certificate of early.example.com (line 1), which is not valid before DATE',
    ],
  ])('in %s, with the key in %s, is refused', async (cert, key, problem) => {
    const lines = await linesOf(flat([`cert_file: ${cert}`, `key_file: ${key}`]), EDIT);
    expect(lines).toEqual([
      typeof problem === 'string' ? `x.yaml:${problem}` : expect.stringMatching(problem),
    ]);
  });

  it.each([
    ['wrong.pass', 'does not hold the password of the private key'],
    ['empty.pass', 'is empty'],
    ['none.pass', 'does not exist'],
  ])('with the password in %s is refused', async (password, reason) => {
    const keys = ['cert_file: locked.crt', 'key_file: locked.key', `key_password_file: ${password}`];
    expect(await linesOf(flat(keys))).toEqual([
      `x.yaml:5:22 tls.key_password_file names the file "${password}", which ${reason}`,
    ]);
  });

  it('with a password that its key does not need gets a warning', async () => {
    const keys = ['cert_file: site.crt', 'key_file: site.key', 'key_password_file: pass'];
    expect(await linesOf(flat(keys))).toEqual([
      'warning x.yaml:5:22 tls.key_password_file has no effect: the private key is not encrypted',
    ]);
  });

  it.each([
    [
      'swapped.crt',
      'x.yaml:3:14 tls.cert_file names the file "swapped.crt", which has its certificates in the wrong order: that of the private key, in line 12, must be the first one',
    ],
    [
      'twisted.crt',
      'warning x.yaml:3:14 tls.cert_file names the file "twisted.crt", which has its certificates in the wrong order: that of "CN=Example Intermediate" must follow the one that it has issued (line 14)',
    ],
    [
      'unrelated.crt',
      'warning x.yaml:3:14 tls.cert_file names the file "unrelated.crt", which lacks the certificate of "CN=Example Intermediate": the one in line 14 is of "CN=Other CA"',
    ],
  ])('with the chain in %s is told of its order', async (cert, line) => {
    const lines = await linesOf(flat([`cert_file: ${cert}`, 'key_file: chained.key']));
    expect(lines.map((one) => one.replaceAll(/line 1\d/g, 'line N'))).toEqual([
      line.replaceAll(/line 1\d/g, 'line N'),
    ]);
  });

  it('that has expired is a warning at the start, and where it is in use', async () => {
    const text = flat(['cert_file: expired.crt', 'key_file: expired.key']);
    const warning =
      'warning x.yaml:3:14 tls.cert_file names the file "expired.crt", which holds the certificate of old.example.com (line 1), which expired on DATE';
    expect(await linesOf(text)).toEqual([warning]);
    const { sources } = await load(text);
    const hashes = sources.files.flatMap(({ hash }) => (hash === undefined ? [] : [hash]));
    expect(await linesOf(text, new Set(hashes))).toEqual([warning]);
  });

  it('that expires soon is a warning', async () => {
    expect(await linesOf(flat(['cert_file: soon.crt', 'key_file: soon.key']), EDIT)).toEqual([
      'warning x.yaml:3:14 tls.cert_file names the file "soon.crt", which holds the certificate of soon.example.com (line 1), which expires in 7 days, on DATE',
    ]);
  });

  it('tells all wrong files at once', async () => {
    const text = flat([
      'certificates:',
      '  - { cert_file: none.crt, key_file: site.key }',
      '  - { cert_file: site.crt, key_file: rsa.key }',
    ]);
    expect(await linesOf(text)).toEqual([
      'x.yaml:4:20 tls.certificates[0].cert_file names the file "none.crt", which does not exist',
      'x.yaml:5:40 tls.certificates[1].key_file names the file "rsa.key", whose private key does not belong to the certificate in "site.crt"',
    ]);
  });

  it('needs no subject', async () => {
    const text = flat(['cert_file: nobody.crt', 'key_file: nobody.key']);
    expect(await linesOf(text)).toEqual([]);
    expect((await load(text)).certificates).toMatchObject([{ names: ['www.example.com'], subject: '' }]);
  });

  it('is in the result, with its names and its end, but not in the config as it is shown', async () => {
    const { config, certificates, contents } = await load(
      flat(['cert_file: site.crt', 'key_file: site.key']),
    );
    expect(config.listeners[0]?.tls?.certificates).toMatchObject([
      { domains: ['www.example.com', '*.shop.example'], default: true },
    ]);
    expect(certificates).toMatchObject([
      {
        kind: 'server',
        file: 'site.crt',
        names: ['www.example.com', '*.shop.example'],
        issuer: 'CN=Example CA',
        usedBy: ['listener default'],
      },
    ]);
    expect([...contents.values()]).toEqual([site.cert, site.key]);
    expect(createPrivateKey(contents.get(join(directory, 'site.key')) ?? '').type).toBe('private');
    expect(JSON.stringify(config)).not.toContain('BEGIN');
  });
});

describe('suites of TLS 1.2 that are for another kind of key', () => {
  const keys = (...more: readonly string[]): string =>
    flat([
      'cert_file: site.crt',
      'key_file: site.key',
      'cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]',
      ...more,
    ]);
  const text =
    'tls.cipher_suites has no suite of TLS 1.2 for the certificate "site.crt", which has an ECDSA key';

  it('leave clients of TLS 1.2 alone, or everybody', async () => {
    expect(await linesOf(keys(), EDIT)).toEqual([
      `warning x.yaml:5:3 ${text}: clients without TLS 1.3 can't connect`,
    ]);
    expect(await linesOf(keys('max_version: "1.2"'), EDIT)).toEqual([`x.yaml:5:3 ${text}`]);
    // That the suite has no effect there is another warning.
    expect((await linesOf(keys('min_version: "1.3"'), EDIT)).join()).not.toContain(text);
  });
});

describe('several certificates of a listener', () => {
  const pair = (name: string, more = ''): string =>
    `  - { cert_file: ${name}.crt, key_file: ${name}.key${more} }`;

  it('may be one with RSA and one with ECDSA for the same name', async () => {
    expect(await linesOf(flat(['certificates:', pair('site'), pair('rsa')]))).toEqual([]);
    const both = [pair('site', ', default: true'), pair('rsa', ', default: true')];
    expect(await linesOf(flat(['certificates:', ...both]))).toEqual([]);
  });

  it('must not say the same name with keys of one kind', async () => {
    const named = ', domains: [www.example.com]';
    expect(await linesOf(flat(['certificates:', pair('site', named), pair('two', named)]))).toEqual([
      'x.yaml:5:58 tls.certificates[1].domains[0] is "www.example.com", which the certificate "site.crt" of this listener serves already, with a key of the same kind',
    ]);
  });

  it('must ask the same of clients where they share a name or are both the default', async () => {
    const asking = ', client_auth: require';
    const rules =
      'as the certificate "site.crt" of this listener is, but has other rules for clients: give both the same client_auth, client_ca_file and client_crl_file';
    expect(await linesOf(flat(['certificates:', pair('site'), pair('rsa', asking)]))).toEqual([
      `x.yaml:5:20 tls.certificates[1].cert_file is for www.example.com, ${rules}`,
    ]);
    const both = [
      pair('site', ', default: true'),
      pair('rsa', `, domains: [rsa.test], default: true${asking}`),
    ];
    expect(await linesOf(flat(['certificates:', ...both]))).toContain(
      `x.yaml:5:20 tls.certificates[1].cert_file is a default, ${rules}`,
    );
    expect(await linesOf(flat(['certificates:', pair('site', asking), pair('rsa', asking)]))).toEqual([]);
  });

  it('share a name that their files happen to have: the first one is used', async () => {
    const text = flat(['certificates:', pair('site'), pair('two')]);
    expect(await linesOf(text)).toEqual([
      'warning x.yaml:5:20 tls.certificates[1].cert_file is for www.example.com too, which the certificate "site.crt" of this listener serves: that one is used',
    ]);
    const { config } = await load(text);
    expect(config.listeners[0]?.tls?.certificates[1]?.domains).toEqual(['api.example.com']);
  });

  it('have one default', async () => {
    const both = [
      pair('site', ', default: true'),
      pair('two', ', domains: [api.example.com], default: true'),
    ];
    expect(await linesOf(flat(['certificates:', ...both]))).toEqual([
      'x.yaml:5:85 tls.certificates[1].default is true, but "site.crt" of this listener is the default already',
    ]);
  });

  it('are for their domains', async () => {
    const named = ', domains: [www.example.com, a.shop.example, a.b.shop.example, x.test]';
    expect(await linesOf(flat(['certificates:', pair('site', named)]))).toEqual([
      'warning x.yaml:4:93 tls.certificates[0].domains[2] is "a.b.shop.example", which the certificate is not for (it is for www.example.com and *.shop.example): clients refuse it for that name',
      'warning x.yaml:4:111 tls.certificates[0].domains[3] is "x.test", which the certificate is not for (it is for www.example.com and *.shop.example): clients refuse it for that name',
    ]);
  });
});

describe('certificates of clients', () => {
  const server = ['cert_file: site.crt', 'key_file: site.key', 'client_auth: verify'];

  it.each([
    [['client_ca_file: ca.crt'], []],
    [['client_ca_file: ca.crt', 'client_crl_file: good.crl'], []],
    [
      [],
      [
        'x.yaml:5:16 tls.client_auth needs client_ca_file beside it: verify verifies against these authorities',
      ],
    ],
    [
      ['client_ca_file: empty.pem'],
      ['x.yaml:6:19 tls.client_ca_file names the file "empty.pem", which is empty'],
    ],
    [
      ['client_ca_file: site.key'],
      [
        'x.yaml:6:19 tls.client_ca_file names the file "site.key", which holds no certificate, but a private key',
      ],
    ],
    [
      ['client_ca_file: ca-and-key.crt'],
      [
        'warning x.yaml:6:19 tls.client_ca_file names the file "ca-and-key.crt", which also holds a private key: the proxy needs only the certificates of authorities',
      ],
    ],
    [
      ['client_ca_file: leaf-ca.crt'],
      [
        'warning x.yaml:6:19 tls.client_ca_file names the file "leaf-ca.crt", which holds no authority: its certificates may not sign others',
      ],
    ],
    [
      ['client_ca_file: other-ca.crt', 'client_crl_file: good.crl'],
      [
        'x.yaml:7:20 tls.client_crl_file names the file "good.crl", which holds a list of somebody else: no authority of client_ca_file has signed the revocation list in line 1',
      ],
    ],
    [
      ['client_ca_file: ca.crt', 'client_crl_file: old.crl'],
      [
        'x.yaml:7:20 tls.client_crl_file names the file "old.crl", which holds an outdated list: the revocation list in line 1 was valid until DATE, and all clients of its authority are refused',
      ],
    ],
    [
      ['client_ca_file: ca.crt', 'client_crl_file: ca.crt'],
      [
        'x.yaml:7:20 tls.client_crl_file names the file "ca.crt", which holds no revocation list, but a certificate',
      ],
    ],
    [
      ['client_ca_file: ca.crt', 'client_crl_file: broken.crl'],
      [
        `x.yaml:7:20 tls.client_crl_file names the file "broken.crl", which can't be read: its revocation list in line 1 is broken`,
      ],
    ],
  ])('with %j give %j', async (keys, lines) => {
    expect(await linesOf(flat([...server, ...keys]), EDIT)).toEqual(lines);
  });
});

describe('certificates towards backends', () => {
  const upstream = (tls: string): string => yaml`
    listeners: [{ name: web, listen: "127.0.0.1:0", upstream: up }]
    upstreams:
      - name: up
        backends: [{ address: "backend.test:1" }]
        tls: ${tls}
  `;

  it('are accepted', async () => {
    const tls = '{ ca_file: ca.crt, client_cert_file: client.crt, client_key_file: client.key }';
    const { certificates } = await load(upstream(tls));
    expect(certificates.map(({ kind, file, usedBy }) => [kind, file, usedBy])).toEqual([
      ['ca', 'ca.crt', ['upstream up']],
      ['client', 'client.crt', ['upstream up']],
    ]);
  });

  it.each([
    [
      '{ ca_file: none.crt }',
      'x.yaml:5:21 upstreams[0].tls.ca_file names the file "none.crt", which does not exist',
    ],
    [
      '{ client_cert_file: client.crt, client_key_file: site.key }',
      'x.yaml:5:59 upstreams[0].tls.client_key_file names the file "site.key", whose private key does not belong to the certificate in "client.crt"',
    ],
    [
      '{ client_cert_file: client.crt }',
      'x.yaml:5:12 upstreams[0].tls.client_cert_file needs client_key_file beside it',
    ],
  ])('%s are refused', async (tls, problem) => {
    const [line = ''] = await linesOf(upstream(tls));
    expect(line.replace(/^x.yaml:5:\d+/, 'x.yaml:5')).toBe(problem.replace(/^x.yaml:5:\d+/, 'x.yaml:5'));
  });
});
