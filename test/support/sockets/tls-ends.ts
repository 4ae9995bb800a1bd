import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';

import { DEFAULT_CIPHER_SUITES } from '../../../src/config/values/tls/cipher-suite.ts';
import { ServerContexts } from '../../../src/net/tls/contexts/server-contexts.ts';
import { TicketKeyRing } from '../../../src/net/tls/contexts/ticket-key-ring.ts';
import { SniTable } from '../../../src/net/tls/sni/sni-table.ts';
import { TlsTermination } from '../../../src/net/tls/terminate/tls-termination.ts';
import type { SocketTransport } from '../../../src/net/transport/socket-transport.ts';
import { TimeSlicer } from '../../../src/time/time-slicer.ts';
import { CertificateAuthority } from '../certificates.ts';
import { PATIENCE_MS } from '../time/patience.ts';

const ca = new CertificateAuthority();
const { chain, key } = ca.issue();

/** Makes a TLS handshake between a transport that was just accepted and the socket at its other end. Resolves with the TLS client's socket. */
export async function encrypt(transport: SocketTransport, raw: Socket): Promise<Socket> {
  const contexts = await ServerContexts.build(
    {
      listener: 'test',
      certificates: [{ certificate: chain, key, names: ['localhost'], clientAuth: { mode: 'none' } }],
      cipherSuites: DEFAULT_CIPHER_SUITES,
    },
    new TicketKeyRing(),
    new TimeSlicer(),
  );
  const decider = new SniTable({
    certificates: [],
    defaultCertificate: contexts.fallback,
    isStrict: false,
    routes: [],
    defaultUpstream: undefined,
    ownUpstream: undefined,
  });
  const rules = { listener: 'test', decider, alpn: [] };
  const layer = new TlsTermination(rules, PATIENCE_MS);
  const done = new Promise<void>((resolve, reject) => {
    layer.open(
      transport,
      () => {
        resolve();
      },
      reject,
    );
  });
  const peer = connect({ socket: raw, ca: ca.cert, servername: 'localhost' });
  await Promise.all([done, once(peer, 'secureConnect')]);
  peer.resetAndDestroy = () => {
    raw.resetAndDestroy();
    return peer;
  };
  return peer;
}
