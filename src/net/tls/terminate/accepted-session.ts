import type { PeerCertificate, TlsSession } from '../../../plugin-api/index.ts';
import type { ServerTls } from '../../node/tls-internals.ts';
import { ShownCertificate } from '../shown-certificate.ts';
import { untrustedClient } from '../untrusted-client.ts';
import type { ServerContext } from '../contexts/server-contexts.ts';
import type { SniDecider } from './sni-decision.ts';

/** What a client and this proxy agreed on. Everything is found out when it is asked for, and remembered. */
export class AcceptedSession implements TlsSession {
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly handshakeMs: number;
  readonly #socket: ServerTls;
  readonly #context: ServerContext;
  readonly #decider: SniDecider;
  #version: string | undefined;
  #cipher: string | undefined;
  #resumed: boolean | undefined;
  #certificate: PeerCertificate | undefined;

  /**
   * @param decider As the listener had it when the connection began.
   * @param beganAtMs When the handshake began, by `performance.now()`.
   */
  constructor(
    socket: ServerTls,
    sni: string | undefined,
    context: ServerContext,
    decider: SniDecider,
    beganAtMs: number,
  ) {
    this.handshakeMs = performance.now() - beganAtMs;
    this.#socket = socket;
    this.sni = sni;
    this.#context = context;
    this.#decider = decider;
    const { alpnProtocol } = socket;
    this.alpn = typeof alpnProtocol === 'string' ? alpnProtocol : undefined;
    socket.session = this;
  }

  get version(): string {
    return (this.#version ??= this.#socket.getProtocol() ?? '');
  }

  get cipher(): string {
    return (this.#cipher ??=
      (this.#socket.getCipher() as { standardName?: string } | undefined)?.standardName ?? '');
  }

  get resumed(): boolean {
    return (this.#resumed ??= this.#socket.isSessionReused());
  }

  get certificate(): PeerCertificate | undefined {
    if (this.#certificate !== undefined || this.#context.policy.mode === 'none') return this.#certificate;
    const socket = this.#socket;
    const shown = socket.getPeerX509Certificate();
    if (shown === undefined) return undefined;
    const isVerified = untrustedClient(socket, socket.verifyError) === undefined;
    this.#certificate = new ShownCertificate(shown, isVerified);
    return this.#certificate;
  }

  remember(): void {
    this.#version = this.version;
    this.#cipher = this.cipher;
    this.#resumed = this.resumed;
    this.#certificate = this.certificate;
  }

  /**
   * A host that needs no client certificate may be asked for with one. A host that no certificate is for is not refused here: the protocol
   * does not know it.
   */
  allowsHost(host: string): boolean {
    const decision = this.#decider.decide({ sni: host, ech: false });
    if (decision.kind !== 'terminate') return decision.kind === 'refuse';
    const { policy } = decision.context;
    return policy.mode === 'none' || policy.id === this.#context.policy.id;
  }
}
