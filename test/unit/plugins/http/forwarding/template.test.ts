import { describe, expect, it } from 'vitest';

import type { ProxyHeader, TlsSession } from '../../../../../src/plugin-api/index.ts';
import { TEMPLATE_VARIABLES } from '../../../../../plugins/http/forwarding/template.ts';
import { Template, type TemplateValues } from '../../../../../plugins/http/forwarding/template.ts';

const VALUES: TemplateValues = {
  clientAddress: '10.0.0.1',
  requestId: 'id-1',
  backendName: 'b1',
  host: 'a.test',
  method: 'GET',
  path: '/p',
  routeName: 'r1',
  elapsedMs: 12.7,
  tls: undefined,
  proxy: undefined,
};

const TLS: TlsSession = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  alpn: 'http/1.1',
  sni: 'a.test',
  resumed: false,
  allowsHost: () => true,
  certificate: {
    subject: 'CN=Jörg\r\nX-Admin: 1,O=a\\,b',
    issuer: 'CN=ca',
    serialNumber: '0A',
    notBeforeMs: 0,
    notAfterMs: 1,
    fingerprint256: 'AA:BB',
    verified: true,
    raw: Buffer.from('der'),
  },
};

describe('a template', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['${duration}', '12.7ms'],
    [
      '${client_ip} ${request_id} ${backend} ${host} ${method} ${path} ${route}',
      '10.0.0.1 id-1 b1 a.test GET /p r1',
    ],
    ['a${host}${host}b', 'aa.testa.testb'],
    ['$host {host} $${host}', '$host {host} $a.test'],
    ['${host', '${host'],
  ])('%s becomes %s', (text, wanted) => {
    expect(Template.parse(text).render(VALUES)).toBe(wanted);
  });

  const ALL_TLS =
    '${tls_version} ${tls_cipher} ${tls_sni} ${tls_alpn} ${tls_resumed} ${tls_client_subject} ${tls_client_fingerprint}';

  it('shows what TLS agreed on, and lets no name of a certificate end the line', () => {
    const wanted =
      'TLSv1.3 TLS_AES_128_GCM_SHA256 a.test http/1.1 false CN=J\\C3\\B6rg\\0D\\0AX-Admin: 1,O=a\\,b AA:BB';
    expect(Template.parse(ALL_TLS).render({ ...VALUES, tls: TLS })).toBe(wanted);
  });

  it('leaves the variables about TLS empty where there is none, or no certificate', () => {
    expect(Template.parse(ALL_TLS).render(VALUES)).toBe('      ');
    const tls = { ...TLS, sni: undefined, alpn: undefined, certificate: undefined };
    expect(Template.parse(ALL_TLS).render({ ...VALUES, tls })).toBe(
      'TLSv1.3 TLS_AES_128_GCM_SHA256   false  ',
    );
  });

  it('shows what a PROXY header said, and lets no name of a client end the line', () => {
    const all =
      '${proxy_ip} ${proxy_authority} ${proxy_unique_id} ${proxy_tls_version} ${proxy_tls_cipher} ${proxy_client_name}';
    expect(Template.parse(all).render(VALUES)).toBe('     ');
    const proxy: ProxyHeader = {
      version: 2,
      sender: { address: '10.0.0.9', port: 1 },
      authority: 'a.test',
      alpn: undefined,
      uniqueId: Buffer.from('id\r\n'),
      namespace: undefined,
      ssl: {
        isTls: true,
        hasCertificate: true,
        verified: true,
        version: 'TLSv1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        commonName: 'J\r\n',
      },
      tlvs: [],
    };
    const wanted = '10.0.0.9 a.test id\\0D\\0A TLSv1.3 TLS_AES_128_GCM_SHA256 J\\0D\\0A';
    expect(Template.parse(all).render({ ...VALUES, proxy })).toBe(wanted);
  });

  it.each([
    [150.4, '150ms'],
    [1520, '1.52s'],
    [90_000, '1m30s'],
  ])('writes a duration of %d ms as logs do: %s', (elapsedMs, wanted) => {
    expect(Template.parse('${duration}').render({ ...VALUES, elapsedMs })).toBe(wanted);
  });

  it.each(['${nope}', '${}', '${toString}', '${Host}'])('refuses what it does not know: %s', (text) => {
    expect(() => Template.parse(text)).toThrow(/unknown variable .*known are duration, client_ip/);
  });

  it('says whether it needs the backend', () => {
    expect(Template.parse('${host}').needsBackend).toBe(false);
    expect(Template.parse('x${backend}').needsBackend).toBe(true);
  });
});

it('knows exactly the variables that the config allows', () => {
  const list = /known are (.*)$/;
  expect(() => Template.parse('${none}')).toThrow(list);
  try {
    Template.parse('${none}');
  } catch (error) {
    const known = list.exec((error as Error).message)![1]!.split(', ');
    expect(known).toEqual([...TEMPLATE_VARIABLES]);
  }
});
