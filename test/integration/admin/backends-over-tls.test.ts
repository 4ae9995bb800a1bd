import { expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';

const authority = new CertificateAuthority();
const proxyCertificate = authority.issue({ subject: 'proxy', usage: 'client' });

it('shows how each upstream speaks to a backend: over TLS, to whom, with which certificate, after which header', async () => {
  const proxy = await labProxy(
    `
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, upstream: plain }
  - { name: api, address: '127.0.0.1:0', mode: http, upstream: named, proxy_protocol: { trusted: [127.0.0.1] } }
  - { name: raw, address: '127.0.0.1:0', mode: http, upstream: unverified }
upstreams:
  - { name: plain, backends: [{ name: a, address: '127.0.0.1:1' }] }
  - name: named
    backends: [{ name: a, address: '127.0.0.1:1' }]
    proxy_protocol: v2
    tls: { server_name: Api.example.com, ca_file: ca.crt, client_cert_file: proxy.crt, client_key_file: proxy.key }
  - { name: unverified, backends: [{ name: a, address: '127.0.0.1:1' }], tls: { insecure_skip_verify: true } }
`,
    { 'ca.crt': authority.cert, 'proxy.crt': proxyCertificate.cert, 'proxy.key': proxyCertificate.key },
  );
  const { body, json } = await askAdmin(proxy.adminAddress, '/backends');
  expect(json()).toMatchObject({
    backends: [
      {
        name: 'a',
        upstreams: [
          { name: 'plain', tls: null, proxy_protocol: null },
          {
            name: 'named',
            tls: {
              server_name: 'api.example.com',
              sni: 'api.example.com',
              verify: true,
              client_certificate: 'CN=proxy',
            },
            proxy_protocol: 'v2',
          },
          {
            name: 'unverified',
            tls: { server_name: '127.0.0.1', sni: null, verify: false, client_certificate: null },
            proxy_protocol: null,
          },
        ],
      },
    ],
  });
  expect(body).not.toContain('PRIVATE KEY');
  expect((await askAdmin(proxy.adminAddress, '/status')).json()).toMatchObject({
    listeners: [{ proxy_protocol: false }, { proxy_protocol: true }, { proxy_protocol: false }],
  });
});
