import type { X509Certificate } from 'node:crypto';

import type { PeerCertificate, TlsSession } from '../../../plugin-api/index.ts';
import type { AcceptedTls } from '../../node/tls-internals.ts';
import type { ServerContext, ServerContexts } from '../contexts/server-contexts.ts';

/** What a client and this proxy agreed on. Everything is found out when it is asked for, and remembered. */
export class AcceptedSession implements TlsSession {
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly #socket: AcceptedTls;
  readonly #context: ServerContext;
  readonly #contexts: ServerContexts;
  #version: string | undefined;
  #cipher: string | undefined;
  #resumed: boolean | undefined;
  #shown: X509Certificate | undefined;
  #isTrusted = false;
  #certificate: PeerCertificate | undefined;

  /** @param contexts All contexts of the listener, as they were when the connection began. */
  constructor(
    socket: AcceptedTls,
    sni: string | undefined,
    context: ServerContext,
    contexts: ServerContexts,
  ) {
    this.#socket = socket;
    this.sni = sni;
    this.#context = context;
    this.#contexts = contexts;
    const { alpnProtocol } = socket;
    this.alpn = typeof alpnProtocol === 'string' ? alpnProtocol : undefined;
    if (context.policy.mode !== 'none') socket.beforeDestroy = () => this.#keepCertificate();
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
    this.#keepCertificate();
    const shown = this.#shown;
    if (shown === undefined) return undefined;
    this.#certificate = {
      subject: shown.subject.split('\n').reverse().join(','),
      fingerprint256: shown.fingerprint256,
      verified: this.#isTrusted,
    };
    return this.#certificate;
  }

  allowsHost(host: string): boolean {
    const { policy } = this.#contexts.choose(host.toLowerCase()) ?? this.#context;
    return policy.mode === 'none' || policy.id === this.#context.policy.id;
  }

  /** Takes the certificate while the socket still has it. */
  #keepCertificate(): void {
    if (this.#shown !== undefined || this.#socket.destroyed) return;
    this.#shown = this.#socket.getPeerX509Certificate();
    this.#isTrusted = this.#shown !== undefined && this.#socket.verifyError === undefined;
  }
}
