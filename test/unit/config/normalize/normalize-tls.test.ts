import { describe, expect, it } from 'vitest';

import type { ListenerTls } from '../../../../src/config/schema/config.generated.ts';
import { DEFAULT_CIPHER_SUITES, isTls13Suite } from '../../../../src/config/values/tls/cipher-suite.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf, warningsOf } from '../problems-of.ts';

const flat = (tls: string, mode = 'http'): string =>
  `listen: ":1"\nmode: ${mode}\nbackends: [{ address: "a:1" }]\ntls: { ${tls} }\n`;

function tlsOf(text: string): ListenerTls | undefined {
  return loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp', 'echo'] }).config.listeners[0]?.tls;
}

const PAIR = 'cert_file: a, key_file: b';

describe('the TLS of a listener', () => {
  it('needs a certificate or names to pass on', () => {
    expect(problemsOf(flat('min_version: "1.3"'))).toEqual([
      'x.yaml:4:1 tls must have cert_file and key_file, certificates or sni',
    ]);
    expect(problemsOf(flat('cert_file: a'))).toEqual([
      expect.stringContaining('tls.cert_file needs key_file beside it'),
    ]);
    expect(problemsOf(flat('enabled: false, min_version: "1.3"'))).toEqual([]);
  });

  it('keeps the default suites of a version that a list says nothing about', () => {
    const only = ['ECDHE-RSA-AES256-GCM-SHA384'];
    const defaults13 = DEFAULT_CIPHER_SUITES.filter(isTls13Suite);
    const defaults12 = DEFAULT_CIPHER_SUITES.filter((name) => !isTls13Suite(name));
    expect(tlsOf(flat(`${PAIR}, cipher_suites: [${only.join()}]`))?.cipher_suites).toEqual([
      ...only,
      ...defaults13,
    ]);
    expect(tlsOf(flat(`${PAIR}, cipher_suites: [TLS_AES_256_GCM_SHA384]`))?.cipher_suites).toEqual([
      'TLS_AES_256_GCM_SHA384',
      ...defaults12,
    ]);
    expect(tlsOf(flat(PAIR))?.cipher_suites).toEqual(DEFAULT_CIPHER_SUITES);
  });

  it('offers HTTP/1.1 in mode http, and h2 only where the proxy need not speak it', () => {
    const both = `${PAIR}, alpn_protocols: [h2, http/1.1]`;
    expect(tlsOf(flat(PAIR))?.alpn_protocols).toEqual(['http/1.1']);
    expect(tlsOf(flat(both))?.alpn_protocols).toEqual(['http/1.1']);
    expect(warningsOf(flat(both)).join()).toContain('h2 is left out');
    expect(tlsOf(flat(PAIR, 'tcp'))?.alpn_protocols).toBeUndefined();
    expect(tlsOf(flat(both, 'tcp'))?.alpn_protocols).toEqual(['h2', 'http/1.1']);
    expect(warningsOf(flat(both, 'tcp'))).toEqual([]);
  });

  it('has one default certificate: the first one, unless the file says another', () => {
    const defaults = (tls: string): boolean[] | undefined =>
      tlsOf(flat(tls))?.certificates.map((certificate) => certificate.default);
    const list = (second: string): string =>
      `${PAIR}, certificates: [{ cert_file: c, key_file: d ${second} }, { cert_file: e, key_file: f }]`;
    expect(defaults(list(''))).toEqual([true, false, false]);
    expect(defaults(list(', default: true'))).toEqual([false, true, false]);
  });
});

it('takes both names of the keys of the admin server, and not both at once', () => {
  const admin = (tls: string): string =>
    `backends: [{ address: "a:1" }]\nadmin: { listen: "127.0.0.1:0", tls: { ${tls} } }\n`;
  for (const tls of ['cert: a, key: b, client_ca: c', 'cert_file: a, key_file: b, client_ca_file: c'])
    expect(loadConfigText(admin(tls), 'x.yaml', { modes: ['http'] }).config.admin?.tls).toMatchObject({
      cert_file: 'a',
      key_file: 'b',
      client_ca_file: 'c',
    });
  expect(problemsOf(admin('cert: a, cert_file: b, key: c'))).toEqual([
    'x.yaml:2:46 admin.tls.cert is given twice: cert_file says it too',
  ]);
});
