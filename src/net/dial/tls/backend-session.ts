import type { TLSSocket } from 'node:tls';

import type { PeerCertificate, TlsSession } from '../../../plugin-api/index.ts';
import { onCutEnd } from '../../node/tls-end.ts';

/** What a backend and this proxy agreed on. */
export class BackendSession implements TlsSession {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string | undefined;
  readonly sni: string | undefined;
  readonly resumed: boolean;
  /** Nothing asks for the certificate of a backend, which was verified in the handshake. */
  readonly certificate: PeerCertificate | undefined = undefined;
  isCut = false;

  constructor(socket: TLSSocket, sni: string | undefined) {
    const { alpnProtocol } = socket;
    this.version = socket.getProtocol() ?? '';
    this.cipher = (socket.getCipher() as { standardName?: string } | undefined)?.standardName ?? '';
    this.alpn = typeof alpnProtocol === 'string' ? alpnProtocol : undefined;
    this.sni = sni;
    this.resumed = socket.isSessionReused();
    onCutEnd(socket, () => {
      this.isCut = true;
    });
  }

  allowsHost(): boolean {
    return true;
  }
}
