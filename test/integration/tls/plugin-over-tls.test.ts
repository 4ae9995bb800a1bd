import { expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { secureClient } from '../../support/peers/clients.ts';
import { expectNoStrayErrors } from '../../support/stray-errors.ts';

/** Answers with what it got and what it knows of the connection, as a stranger would write it. */
const PLUGIN = `
export default {
  apiVersion: 2,
  name: 'telling',
  provision: () => ({
    protocol: 'telling',
    active: 0,
    handle({ transport }) {
      transport.read({
        data(bytes, start, end) {
          const { version, sni, alpn, certificate } = transport.tls ?? {};
          const text = bytes.toString('utf8', start, end);
          transport.write(Buffer.from(JSON.stringify({ text, version, sni, alpn, client: certificate?.subject }) + '\\n'));
        },
        end() { transport.end(); },
        drained() {},
        closed() {},
      });
      return { drain() { transport.end(); } };
    },
    close: async () => {},
  }),
};
`;

const ca = new CertificateAuthority();

expectNoStrayErrors();

it('gives a plugin plain bytes, and what TLS agreed on', async () => {
  const { cert, key } = ca.issue();
  const yaml = `
mode: telling
listen: '127.0.0.1:0'
plugins: { directory: . }
tls: { cert_file: a.crt, key_file: a.key, client_auth: require-and-verify, client_ca_file: ca.crt, alpn_protocols: [telling/1] }
`;
  const proxy = await labProxy(yaml, {
    'telling.mjs': PLUGIN,
    'a.crt': cert,
    'a.key': key,
    'ca.crt': ca.cert,
  });
  const { cert: clientCert, key: clientKey } = ca.issue('alice');
  const { socket } = await secureClient(proxy.address(), {
    ca: ca.cert,
    cert: clientCert,
    key: clientKey,
    servername: 'localhost',
    ALPNProtocols: ['telling/1'],
  });
  socket.send('hello');
  expect(JSON.parse(await socket.untilText('\n'))).toEqual({
    text: 'hello',
    version: 'TLSv1.3',
    sni: 'localhost',
    alpn: 'telling/1',
    client: 'CN=alice',
  });
});
