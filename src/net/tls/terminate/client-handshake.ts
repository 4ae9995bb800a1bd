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
import { AcceptedTls, canAcceptTls } from '../../node/tls-internals.ts';
import { endpointText } from '../../transport/endpoints.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import { ClientHelloReader } from '../client-hello/client-hello-reader.ts';
import type { ClientHello } from '../client-hello/client-hello.ts';
import { HelloRefusal } from '../client-hello/hello-refusal.ts';
import type { ServerContext } from '../contexts/server-contexts.ts';
import type { Entrant } from '../protection/entrants.ts';
import type { GateReason } from '../protection/handshake-gate.ts';
import { untrustedClient } from '../untrusted-client.ts';
import { AcceptedSession } from './accepted-session.ts';
import { Alert, alertRecord, PLAIN_HTTP_ANSWER } from './plain-answers.ts';
import type { TerminationRules } from './termination-rules.ts';

/** A client that is refused has so long to read why, and may send so much meanwhile. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 256 * 1024;

/** The handshake with one client, from its first byte. Reads from the transport until the protocol gets it. */
export class ClientHandshake implements StreamReader, LayerRun, Entrant {
  readonly #rules: TerminationRules;
  readonly #raw: OwnedTransport;
  readonly #ready: (transport: OwnedTransport) => void;
  readonly #failed: (error: BalanceError) => void;
  readonly #beganAtMs: number;
  #hello: ClientHelloReader | undefined = new ClientHelloReader();
  #sni: string | undefined;
  #hasBytes = false;
  #isOver = false;
  /** Why the client was refused, while it may still read the answer. */
  #refusal: BalanceError | undefined;
  #lingerBytes = 0;
  #timer: NodeJS.Timeout | undefined;

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
    if (hello === undefined) {
      this.#lingerBytes += end - start;
      if (this.#lingerBytes > LINGER_BYTES) this.#endLinger();
      return;
    }
    const result = hello.read(bytes, start, end);
    if (result === undefined) return;
    this.#hello = undefined;
    if (result instanceof HelloRefusal) this.#refuseBytes(result);
    else this.#decide(result, hello.bytes);
  }

  end(): void {
    if (this.#refusal === undefined) this.#peerLeft();
    else this.#endLinger();
  }

  drained(): void {
    // Nothing is written that would not fit into the system's buffers.
  }

  closed(error: Error | undefined): void {
    if (this.#refusal === undefined) this.#peerLeft(error);
    else this.#endLinger();
  }

  /** The connection has ended, or it took too long. */
  destroy(): void {
    if (!this.#isOver && this.#refusal === undefined) {
      const isGone = this.#raw.destroyed;
      this.#tell(isGone ? 'aborted' : 'timeout', isGone ? 'peer_left' : 'timeout');
    }
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    clearTimeout(this.#timer);
  }

  #decide(hello: ClientHello, bytes: Buffer): void {
    this.#sni = hello.sni;
    const decision = this.#rules.decider.decide(hello);
    if (decision.kind === 'terminate') this.#begin(decision.context, bytes);
    else if (decision.kind === 'refuse') {
      this.#refuse('unknown_name', handshakeReasonText('unknown_name', 'client'), () => {
        this.#raw.write(alertRecord(Alert.unrecognizedName));
      });
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
    const raw = this.#raw;
    let socket: AcceptedTls | undefined;
    const isReplaced = raw.replaceSocket((handle, onread, received) => {
      socket = new AcceptedTls({
        handle,
        onread,
        secureContext: context.secureContext,
        alpn: this.#rules.alpn,
        clientCertificate: context.policy.clientCertificate,
      });
      socket.receive(received);
      return socket;
    });
    if (!isReplaced || socket === undefined || !canAcceptTls(socket)) {
      this.#fail(
        'failed',
        undefined,
        new BalanceError('internal', 'this version of Node.js can not accept TLS'),
      );
      return;
    }
    this.#follow(socket, context);
    raw.read(this);
  }

  #follow(socket: AcceptedTls, context: ServerContext): void {
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
      const untrusted = context.policy.verifies ? untrustedReason(socket, context) : undefined;
      if (untrusted !== undefined) {
        onError(untrusted);
        return;
      }
      socket.removeListener('error', onError);
      this.#succeed(new AcceptedSession(socket, this.#sni, context, this.#rules.decider));
    });
  }

  #succeed(session: AcceptedSession): void {
    this.#isOver = true;
    this.#rules.bound?.gate.leave(this);
    const raw = this.#raw;
    raw.tls = session;
    this.#rules.observer?.handshake?.({
      ...this.#record('ok'),
      version: session.version,
      cipher: session.cipher,
      resumed: session.resumed,
    });
    raw.releaseReader();
    this.#ready(raw);
  }

  #refuseBytes({ kind, reason }: HelloRefusal): void {
    if (kind === 'plain_http') {
      this.#refuse('http_request', reason, () => {
        this.#raw.writeText(PLAIN_HTTP_ANSWER);
      });
    } else if (kind === 'malformed' || kind === 'too_long') {
      this.#refuse('bad_client_hello', reason, () => {
        this.#raw.write(alertRecord(Alert.decodeError));
      });
    } else this.#fail('refused', 'not_tls', new BalanceError('tls_handshake', reason));
  }

  /** Tells the client why, and ends the connection when the client could read it. */
  #refuse(reason: HandshakeReason, message: string, answer: () => void): void {
    this.#rules.bound?.gate.leave(this);
    this.#tell('refused', reason);
    this.#refusal = new BalanceError('tls_handshake', message);
    answer();
    // Bytes that the client still sends are read and dropped: unread ones would make the system reset the connection, and the answer be lost.
    this.#raw.end();
    this.#timer = setTimeout(this.#endLinger, LINGER_MS);
  }

  readonly #endLinger = (): void => {
    if (this.#isOver || this.#refusal === undefined) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#failed(this.#refusal);
  };

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
    if (this.#hasBytes) this.#rules.observer?.handshake?.({ ...this.#record(status), reason, detail });
  }

  #record(status: HandshakeStatus): HandshakeRecord {
    return {
      side: 'client',
      owner: this.#rules.listener,
      status,
      durationMs: performance.now() - this.#beganAtMs,
      address: endpointText(this.#raw.peer),
      sni: this.#sni,
    };
  }
}

/** Why the handshake must not succeed; undefined when it may. */
function untrustedReason(socket: AcceptedTls, { policy }: ServerContext): Error | undefined {
  if (policy.mode === 'verify' && socket.getPeerX509Certificate() === undefined) return undefined;
  return untrustedClient(socket, socket.verifyError);
}
