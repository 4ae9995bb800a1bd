import type { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';

import type { FileUpstreamTls } from '../../../../src/config/schema/config-file.generated.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { tlsBackend } from '../../../support/sockets/tls-backend.ts';
import { eventually } from '../../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const { cert, key } = authority.issue({ names: ['localhost', '127.0.0.1', 'backend.internal'] });
const plainClient = authority.issue('a client');
const client = authority.issue({ subject: 'a client', keyPassword: 'secret' });

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/** What the backend saw of a connection. */
interface Seen {
  readonly version: string | null;
  readonly cipher: string;
  readonly sni: unknown;
  readonly alpn: unknown;
  readonly client: string | undefined;
  readonly resumed: boolean;
}

function seenBy(socket: TLSSocket): Seen {
  const { servername } = socket as unknown as { servername: unknown };
  const shown = socket.getPeerCertificate() as { subject?: { CN?: string } };
  return {
    version: socket.getProtocol(),
    cipher: socket.getCipher().name,
    sni: servername,
    alpn: socket.alpnProtocol,
    client: shown.subject?.CN,
    resumed: socket.isSessionReused(),
  };
}

/** Asks twice through a proxy whose upstream has that `tls`. */
async function asked(tls: string): Promise<{ statuses: number[]; seen: Seen[] }> {
  const seen: Seen[] = [];
  const backend = await tlsBackend(
    {
      cert,
      key,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['x-test', 'http/1.1'],
    },
    (socket) => {
      seen.push(seenBy(socket));
      socket.end(ANSWER);
    },
  );
  const proxy = await labProxy(
    // Each worker has sessions of its own.
    `workers: 1
listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '127.0.0.1:${String(backend.port)}' }], tls: ${tls} }]
`,
    {
      'ca.crt': authority.cert,
      'client.crt': client.cert,
      'client.key': client.key,
      'client.pass': 'secret\n',
      'plain.crt': plainClient.cert,
      'plain.key': plainClient.key,
    },
  );
  const statuses: number[] = [];
  for (let round = 0; round < 2; round++) {
    const response = await fetch(`http://${proxy.address()}/`);
    await response.text();
    statuses.push(response.status);
  }
  if (statuses[0] === 200) await eventually(() => seen.length === 2, 'the backend has both');
  return { statuses, seen };
}

const CA = 'ca_file: ca.crt';

/** Each key of the schema, with the `tls` that sets it and what the backend sees of that; a number: the status of the answers. */
const EFFECTS: Record<keyof Required<FileUpstreamTls>, readonly [tls: string, effect: object | number]> = {
  enabled: [`{ ${CA}, enabled: false }`, 502],
  ca_file: [`{ ${CA} }`, { version: 'TLSv1.3', alpn: 'http/1.1', sni: false, client: undefined }],
  server_name: [`{ ${CA}, server_name: backend.internal }`, { sni: 'backend.internal' }],
  min_version: [`{ ${CA}, min_version: "1.3" }`, { version: 'TLSv1.3' }],
  max_version: [`{ ${CA}, max_version: "1.2" }`, { version: 'TLSv1.2' }],
  cipher_suites: [
    `{ ${CA}, max_version: "1.2", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384] }`,
    { cipher: expect.stringContaining('AES256-GCM-SHA384') as string },
  ],
  // With TLS 1.2 the curves say which keys certificates may have, and this one has a key of P-256.
  curves: [`{ ${CA}, max_version: "1.2", curves: [CurveP384] }`, 502],
  client_cert_file: [
    `{ ${CA}, client_cert_file: plain.crt, client_key_file: plain.key }`,
    { client: 'a client' },
  ],
  client_key_file: [
    `{ ${CA}, client_cert_file: plain.crt, client_key_file: plain.key }`,
    { client: 'a client' },
  ],
  client_key_password_file: [
    `{ ${CA}, client_cert_file: client.crt, client_key_file: client.key, client_key_password_file: client.pass }`,
    { client: 'a client' },
  ],
  insecure_skip_verify: ['{ insecure_skip_verify: true }', { version: 'TLSv1.3' }],
  session_reuse: [`{ ${CA}, max_version: "1.2", session_reuse: false }`, { resumed: false }],
  alpn_protocols: [`{ ${CA}, alpn_protocols: [x-test] }`, { alpn: 'x-test' }],
};

it.each(Object.entries(EFFECTS))('%s works', async (_key, [tls, effect]) => {
  const { statuses, seen } = await asked(tls);
  if (typeof effect === 'number') {
    expect(statuses).toEqual([effect, effect]);
    return;
  }
  expect(statuses).toEqual([200, 200]);
  expect(seen[1]).toMatchObject(effect);
});

it('sessions are resumed without session_reuse', async () => {
  const { seen } = await asked(`{ ${CA}, max_version: "1.2" }`);
  expect(seen.map(({ resumed }) => resumed)).toEqual([false, true]);
});

it('the certificate of a backend is verified without insecure_skip_verify', async () => {
  expect((await asked('true')).statuses).toEqual([502, 502]);
});
