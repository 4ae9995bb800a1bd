import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';

import { SniTable } from '../../../src/net/tls/sni/sni-table.ts';
import { TlsTermination } from '../../../src/net/tls/terminate/tls-termination.ts';
import type { SocketTransport } from '../../../src/net/transport/socket-transport.ts';
import { CertificateAuthority } from '../certificates.ts';
import { serverContext } from '../tls/server-context.ts';
import { PATIENCE_MS } from '../time/patience.ts';

const ca = new CertificateAuthority();
const site = ca.issue();

/** Makes a TLS handshake between a transport that was just accepted and the socket at its other end. Resolves with the TLS client's socket. */
export async function encrypt(transport: SocketTransport, raw: Socket): Promise<Socket> {
  const decider = new SniTable({
    certificates: [],
    defaultCertificate: await serverContext(site),
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
