import { once } from 'node:events';
import { createServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { expect, it } from 'vitest';

import { CertificateAuthority, selfSignedCertificate } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { tlsBackend } from '../../../support/sockets/tls-backend.ts';

const authority = new CertificateAuthority('our authority');
const stranger = new CertificateAuthority('stranger');
const good = authority.issue();

/** A port where plain HTTP is spoken. */
async function plainHttp(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned(server);
  return (server.address() as { port: number }).port;
}

interface Fault {
  readonly backend: TlsOptions | 'plain HTTP';
  /** Further keys of the upstream's `tls`. */
  readonly keys?: string;
  readonly logged: readonly string[];
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'another name': {
    backend: authority.issue({ names: ['other.test'] }),
    logged: [
      "the backend's certificate is for other names than the expected one: see tls.server_name",
      'expected name: 127.0.0.1',
      'its certificate is for other.test, issued by our authority',
    ],
  },
  'a name of the config that it has not': {
    backend: good,
    keys: ', server_name: backend.internal',
    logged: ['expected name: backend.internal', 'its certificate is for localhost, 127.0.0.1'],
  },
  'a certificate that has expired': {
    backend: authority.issueExpired(),
    logged: ["the backend's certificate, or one of its chain, has expired", 'valid from'],
  },
  'a self-signed certificate': {
    backend: selfSignedCertificate('localhost'),
    logged: ["the backend's certificate is self-signed and not trusted: name it in tls.ca_file"],
  },
  'an authority that is not known': {
    backend: stranger.issue(),
    logged: [
      "no trusted authority has signed the backend's certificate, or its chain is not complete: see tls.ca_file",
      'issued by stranger',
    ],
  },
  'no TLS at all': {
    backend: 'plain HTTP',
    logged: ['the backend answered with bytes that are not TLS: it may expect no TLS on this port'],
  },
  'older versions only': {
    backend: { ...good, maxVersion: 'TLSv1.2' },
    keys: ', min_version: "1.3"',
    logged: [
      'the backend speaks no version of TLS that the upstream allows: see tls.min_version and max_version',
    ],
  },
  'newer versions only': {
    backend: { ...good, minVersion: 'TLSv1.3' },
    keys: ', max_version: "1.2"',
    logged: [
      'the backend speaks no version of TLS that the upstream allows: see tls.min_version and max_version',
    ],
  },
  'a client certificate that it asks for (TLS 1.3)': {
    backend: { ...good, ca: authority.cert, requestCert: true },
    logged: ['the backend asks for a client certificate: see tls.client_cert_file'],
  },
  'a client certificate that it asks for (TLS 1.2)': {
    backend: { ...good, ca: authority.cert, requestCert: true, maxVersion: 'TLSv1.2' },
    logged: ['TLS to 127.0.0.1'],
  },
};

it.each(Object.entries(FAULTS))('a backend with %s: 502, and the log says why', async (_name, fault) => {
  const port = fault.backend === 'plain HTTP' ? await plainHttp() : (await tlsBackend(fault.backend)).port;
  const proxy = await labProxy(
    `listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: api }]
upstreams: [{ name: api, backends: [{ name: b1, address: '127.0.0.1:${String(port)}' }], tls: { ca_file: ca.crt${fault.keys ?? ''} } }]
`,
    { 'ca.crt': authority.cert },
  );
  const response = await fetch(`http://${proxy.address()}/`);
  expect(response.status).toBe(502);
  expect(await response.text()).not.toMatch(/authority|stranger|other\.test/);
  const [first = ''] = fault.logged;
  const line = await proxy.untilLogged(first);
  for (const text of fault.logged) expect(line).toContain(text);
  expect(line).toContain(`127.0.0.1:${String(port)}`);
  await proxy.untilLogged('error=backend_tls');
});
