import {
  BalanceError,
  errorFrom,
  handshakeReasonOf,
  handshakeReasonText,
  type HandshakeReason,
} from '../../../errors.ts';
import type { HandshakeRecord, HandshakeStatus } from '../../../readings/handshake.ts';
import type { StreamReader } from '../../../plugin-api/index.ts';
import type { LayerRun } from '../../layers/layer.ts';
import type { ServerTls } from '../../node/tls-internals.ts';
import { endpointText } from '../../transport/endpoints.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import { ClientHelloReader } from '../client-hello/client-hello-reader.ts';
import type { ClientHello } from '../client-hello/client-hello.ts';
import { HelloRefusal } from '../client-hello/hello-refusal.ts';
import type { ServerContext } from '../contexts/server-contexts.ts';
import { untrustedClient } from '../untrusted-client.ts';
import type { Entrant } from '../protection/entrants.ts';
import type { GateReason } from '../protection/handshake-gate.ts';
import { AcceptedSession } from './accepted-session.ts';
import { certificateAnswer } from './certificate-answers.ts';
import { clientOffer } from './client-offer.ts';
import { Alert, alertRecord, PLAIN_HTTP_ANSWER } from './plain-answers.ts';
import { RefusedClient } from './refused-client.ts';
import { acceptOverHandle } from './tls-acceptor.ts';
import type { TerminationRules } from './termination-rules.ts';

/** The handshake with one client, from its first byte. Reads from the transport until the protocol gets it. */
export class ClientHandshake implements StreamReader, LayerRun, Entrant {
  readonly #rules: TerminationRules;
  /** What the protocol gets. */
  #raw: OwnedTransport;
  readonly #ready: (transport: OwnedTransport) => void;
  readonly #failed: (error: BalanceError) => void;
  readonly #beganAtMs: number;
  #hello: ClientHelloReader | undefined = new ClientHelloReader();
  #sni: string | undefined;
  /** What the client offers, until the handshake is over. */
  #offered: ClientHello | undefined;
  #hasBytes = false;
  #isOver = false;
  /** The client while it is told why it was refused. */
  #refused: RefusedClient | undefined;

  constructor(
    rules: TerminationRules,
    raw: OwnedTransport,
    ready: (transport: OwnedTransport) => void,
    failed: (error: BalanceError) => void,
  ) {
    this.#rules = rules;
    this.#raw = raw;
    this.#ready = ready;
    this.#failed = failed;
    this.#beganAtMs = performance.now();
  }

  get clientAddress(): string {
    return this.#raw.peer.address;
  }

  /** Begins to read, unless the listener has too many handshakes. */
  start(): void {
    const { bound } = this.#rules;
    const reason = bound?.gate.enter(this, bound.limits);
    if (reason === undefined) this.#raw.read(this);
    else this.#turnAway(reason);
  }

  evicted(): void {
    this.#turnAway('too_many_handshakes');
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#hasBytes = true;
    const hello = this.#hello;
    const result = hello?.read(bytes, start, end);
    if (hello === undefined || result === undefined) return;
    this.#hello = undefined;
    if (result instanceof HelloRefusal) this.#refuseBytes(result);
    else this.#decide(result, hello.bytes);
  }

  end(): void {
    this.#peerLeft();
  }

  drained(): void {
    // Nothing is written that would not fit into the system's buffers.
  }

  closed(error: Error | undefined): void {
    this.#peerLeft(error);
  }

  /** The connection has ended, or it took too long. */
  destroy(): void {
    if (!this.#isOver) {
      const isGone = this.#raw.destroyed;
      this.#tell(isGone ? 'aborted' : 'timeout', isGone ? 'peer_left' : 'timeout');
    }
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    this.#refused?.destroy();
  }

  #decide(hello: ClientHello, bytes: Buffer): void {
    this.#sni = hello.sni;
    const decision = this.#rules.decider.decide(hello);
    if (decision.kind === 'terminate') {
      this.#offered = hello;
      this.#begin(decision.context, bytes);
    } else if (decision.kind === 'refuse') {
      const message = handshakeReasonText('unknown_name', 'client');
      this.#refuse('unknown_name', message).say(alertRecord(Alert.unrecognizedName));
    } else this.#pass(decision.upstream, bytes);
  }

  #pass(upstream: string | undefined, bytes: Buffer): void {
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    const raw = this.#raw;
    raw.route = { upstream, sni: this.#sni };
    raw.releaseReader(bytes);
    this.#ready(raw);
  }

  /** Accepts the handshake, in a later turn of the event loop if this one has computed enough. */
  #begin(context: ServerContext, bytes: Buffer): void {
    const { bound } = this.#rules;
    this.#raw.releaseReader(bytes);
    const accept = (): void => {
      try {
        this.#accept(context);
      } catch (error) {
        const { message } = errorFrom(error);
        this.#fail('failed', undefined, new BalanceError('internal', message, { cause: error }));
      }
    };
    if (bound === undefined) accept();
    else bound.gate.begin(this, bound.limits, accept);
  }

  #accept(context: ServerContext): void {
    const { acceptor = acceptOverHandle, alpn } = this.#rules;
    const { clientCertificate } = context.policy;
    // OpenSSL would end the handshake with an alert, and HTTP clients could not be told why.
    const isToldLater = clientCertificate === 'needed' && this.#rules.speaksHttp === true;
    const { secureContext } = context;
    const begun = acceptor(this.#raw, {
      secureContext,
      alpn,
      clientCertificate: isToldLater ? 'asked' : clientCertificate,
    });
    if (begun === undefined) {
      const error = new BalanceError('internal', 'this version of Node.js can not accept TLS');
      this.#fail('failed', undefined, error);
      return;
    }
    this.#raw = begun.transport;
    this.#follow(begun.socket, context);
    begun.transport.read(this);
  }

  #follow(socket: ServerTls, context: ServerContext): void {
    const onError = (error: Error): void => {
      this.#fail(
        'failed',
        handshakeReasonOf(error),
        new BalanceError('tls_handshake', error.message, { cause: error }),
      );
    };
    socket.on('error', onError);
    socket.once('secure', () => {
      if (this.#isOver) return;
      const refusal = context.policy.refusalOf(socket);
      context.refusedTickets?.decided(refusal !== undefined || !this.#mayResume(socket));
      if (refusal !== undefined) {
        this.#refuseCertificate(socket, refusal);
        return;
      }
      socket.removeListener('error', onError);
      const { decider } = this.#rules;
      this.#succeed(new AcceptedSession(socket, this.#sni, context, decider, this.#beganAtMs));
    });
  }

  #mayResume(socket: ServerTls): boolean {
    return (
      this.#rules.resumesTrustedOnly !== true || untrustedClient(socket, socket.verifyError) === undefined
    );
  }

  #succeed(session: AcceptedSession): void {
    this.#isOver = true;
    this.#offered = undefined;
    this.#rules.bound?.gate.leave(this);
    const raw = this.#raw;
    raw.tls = session;
    this.#rules.observer?.handshake?.({
      ...this.#record('ok'),
      durationMs: session.handshakeMs,
      version: session.version,
      cipher: session.cipher,
      resumed: session.resumed,
    });
    raw.releaseReader();
    this.#ready(raw);
  }

  #refuseBytes({ kind, reason }: HelloRefusal): void {
    if (kind === 'plain_http') this.#refuse('http_request', reason).say(PLAIN_HTTP_ANSWER);
    else if (kind === 'malformed' || kind === 'too_long')
      this.#refuse('bad_client_hello', reason).say(alertRecord(Alert.decodeError));
    else this.#fail('refused', 'not_tls', new BalanceError('tls_handshake', reason));
  }

  /** The client is refused before any cryptography. Must be followed by what it is told. */
  #refuse(reason: HandshakeReason, message: string): RefusedClient {
    return this.#beginRefusal('refused', reason, new BalanceError('tls_handshake', message));
  }

  /**
   * The handshake is done, and the client's certificate is not accepted. An HTTP client can read why: that is what other proxies do too, and
   * an alert would show as a failed connection only. All other clients get an orderly end.
   */
  #refuseCertificate(socket: ServerTls, error: Error): void {
    const reason = handshakeReasonOf(error);
    const refused = this.#beginRefusal(
      'failed',
      reason,
      new BalanceError('tls_handshake', error.message, { cause: error }),
      error.message,
    );
    const { alpnProtocol } = socket;
    const speaksHttp1 = typeof alpnProtocol !== 'string' || alpnProtocol.startsWith('http/1.');
    if (this.#rules.speaksHttp === true && speaksHttp1) refused.answerRequest(certificateAnswer(reason));
    else refused.endSoon();
  }

  /** From now on the client is only told why. The connection ends when it could read that. */
  #beginRefusal(
    status: HandshakeStatus,
    reason: HandshakeReason,
    error: BalanceError,
    detail?: string,
  ): RefusedClient {
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    this.#tell(status, reason, detail);
    this.#refused = new RefusedClient(this.#raw, () => {
      this.#failed(error);
    });
    return this.#refused;
  }

  #peerLeft(error?: Error): void {
    const message = error?.message ?? 'the client closed the connection within the handshake';
    this.#fail('aborted', 'peer_left', new BalanceError('tls_handshake', message, { cause: error }));
  }

  #fail(status: HandshakeStatus, reason: HandshakeReason | undefined, error: BalanceError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    this.#tell(status, reason, error.message);
    this.#failed(error);
  }

  /** There is no room for it on this listener. That counts also when the client has sent nothing yet. */
  #turnAway(reason: GateReason): void {
    this.#hasBytes = true;
    this.#fail('refused', reason, new BalanceError('tls_handshake', handshakeReasonText(reason, 'client')));
  }

  #tell(status: HandshakeStatus, reason: HandshakeReason | undefined, detail?: string): void {
    if (!this.#hasBytes) return;
    const offered = this.#offered === undefined ? undefined : clientOffer(this.#offered, reason);
    this.#rules.observer?.handshake?.({ ...this.#record(status), reason, detail, offered });
  }

  #record(status: HandshakeStatus): HandshakeRecord {
    return {
      side: this.#rules.side ?? 'client',
      owner: this.#rules.listener,
      status,
      durationMs: performance.now() - this.#beganAtMs,
      address: endpointText(this.#raw.peer),
      sni: this.#sni,
    };
  }
}
