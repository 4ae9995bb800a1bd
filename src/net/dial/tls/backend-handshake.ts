import { connect as connectPlain, type NetConnectOpts, type Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import { BalanceError, handshakeReasonOf } from '../../../errors.ts';
import type { ReadBuffers } from '../../transport/memory/read-buffers.ts';
import type { FaultHandler } from '../../faults/plugin-fault.ts';
import { keepAliveSeconds } from '../../node/keep-alive.ts';
import { SocketTransport } from '../../transport/socket-transport.ts';
import { HIGH_WATER_MARK_BYTES } from '../../transport/socket-writer.ts';
import type { ConnectTarget } from '../address-connect.ts';
import type { AttemptEnded, ConnectAttempt } from '../happy-eyeballs.ts';
import type { BackendContext } from './backend-context.ts';
import { BackendSession } from './backend-session.ts';
import { chainEndOf } from './chain-end.ts';
import { handshakeError } from './handshake-error.ts';
import { openTls, rejectionOf, type Rejection } from './open-tls.ts';
import type { ServerIdentity } from './server-identity.ts';
import type { KeptSession } from './session-cache.ts';

/** What a handshake is made with. */
export interface HandshakeTask {
  readonly context: BackendContext;
  readonly identity: ServerIdentity;
  /** The protocols that are offered by ALPN. */
  readonly alpn: readonly string[];
  /** The backend's address, for messages. */
  readonly address: string;
  readonly target: ConnectTarget;
  readonly keepAliveMs: number;
  /** What is sent before the ClientHello, as a PROXY header. Default: nothing. */
  readonly preface: Buffer | undefined;
  readonly buffers: ReadBuffers;
  readonly onFault: FaultHandler;
}

/** A backend that proved who it is, or why it is not used. */
export type HandshakeEnded = (error: BalanceError | undefined, transport?: SocketTransport) => void;

/**
 * A TLS connection to one address, from its connect to the end of the handshake. A backend that is not trusted is never sent a byte.
 */
export class BackendHandshake implements ConnectAttempt {
  readonly #task: HandshakeTask;
  readonly #transport: SocketTransport;
  readonly #serverKey: string;
  /** Below the TLS, where something is sent before it. */
  readonly #plain: Socket | undefined;
  #socket: TLSSocket | undefined;
  /** Told when the connection stands, or could not be made; undefined afterwards. */
  #connected: AttemptEnded<BackendHandshake> | undefined;
  #ended: HandshakeEnded | undefined;
  /** How the handshake ended, as long as nobody has asked. */
  #outcome: BalanceError | SocketTransport | undefined;
  /** A session that came before the certificate was checked. */
  #session: Buffer | undefined;
  /** The session that the connection asks the backend to resume. */
  #resumed: KeptSession | undefined;
  /** Until when the sessions of this connection may be resumed, in ms since 1970. */
  #sessionsEndAtMs = 0;
  #isSecure = false;
  #isOver = false;
  /** When the connection stood, by `performance.now()`. */
  connectedAtMs = 0;

  constructor(task: HandshakeTask, connected: AttemptEnded<BackendHandshake>) {
    this.#task = task;
    this.#connected = connected;
    this.#transport = new SocketTransport(task.buffers, task.onFault);
    const { target } = task;
    this.#serverKey = `${task.identity.name} ${'path' in target ? target.path : `${target.host} ${String(target.port)}`}`;
    if (task.preface === undefined) {
      this.#socket = this.#begin({ ...target, onread: this.#transport.onread } as object);
      this.#socket.once('connect', this.#onConnect);
      return;
    }
    this.#plain = connectPlain({ ...target, allowHalfOpen: true } as NetConnectOpts);
    this.#plain.on('error', this.#onError);
    this.#plain.once('connect', this.#onPlainConnect);
  }

  /** The socket that is being connected. */
  get socket(): Socket | undefined {
    return this.#plain ?? this.#socket;
  }

  /** Calls `ended` once, when the handshake has ended; perhaps before this returns. */
  finish(ended: HandshakeEnded): void {
    const outcome = this.#outcome;
    if (outcome === undefined) this.#ended = ended;
    else if (outcome instanceof SocketTransport) ended(undefined, outcome);
    else ended(outcome);
  }

  destroy(): void {
    this.#isOver = true;
    this.#connected = undefined;
    this.#ended = undefined;
    this.#socket?.destroy();
    this.#plain?.destroy();
  }

  #begin(options: ConnectionOptions): TLSSocket {
    const { context, identity, alpn } = this.#task;
    const { settings, sessions } = context;
    const session = settings.reusesSessions ? sessions.get(this.#serverKey) : undefined;
    // Without verification, no chain is looked at.
    this.#sessionsEndAtMs = sessions.endOf(Number.POSITIVE_INFINITY);
    const all = {
      ...options,
      allowHalfOpen: true,
      highWaterMark: HIGH_WATER_MARK_BYTES,
      ...(session !== undefined && { session: session.bytes }),
    } as ConnectionOptions;
    const socket = openTls(context, identity, alpn, all, (chain) => {
      if (settings.isVerified) this.#sessionsEndAtMs = sessions.endOf(chainEndOf(chain));
    });
    this.#resumed = session;
    socket.on('error', this.#onError);
    socket.once('close', this.#onClose);
    socket.once('secureConnect', this.#onSecure);
    if (settings.reusesSessions) socket.on('session', this.#onSession);
    return socket;
  }

  readonly #onConnect = (): void => {
    const socket = this.#plain ?? this.#socket;
    const { keepAliveMs } = this.#task;
    socket?.setNoDelay(true);
    if (keepAliveMs > 0) socket?.setKeepAlive(true, keepAliveSeconds(keepAliveMs) * 1000);
    this.connectedAtMs = performance.now();
    const connected = this.#connected;
    this.#connected = undefined;
    connected?.(undefined, this);
  };

  readonly #onPlainConnect = (): void => {
    const { preface } = this.#task;
    if (this.#isOver || this.#plain === undefined) return;
    if (preface !== undefined) this.#plain.write(preface);
    this.#socket = this.#begin({ socket: this.#plain });
    this.#onConnect();
  };

  readonly #onSession = (bytes: Buffer): void => {
    if (!this.#isSecure) {
      this.#session = bytes;
      return;
    }
    const endsAtMs = this.#sessionsEndAtMs;
    this.#task.context.sessions.set(this.#serverKey, { bytes, endsAtMs });
  };

  readonly #onSecure = (): void => {
    const socket = this.#socket;
    if (this.#isOver || socket === undefined) return;
    const { context, identity } = this.#task;
    const rejection = rejectionOf(socket, context);
    if (rejection !== undefined) {
      this.#fail(rejection);
      return;
    }
    this.#isSecure = true;
    if (this.#resumed !== undefined && socket.isSessionReused())
      this.#sessionsEndAtMs = this.#resumed.endsAtMs;
    if (this.#session !== undefined) this.#onSession(this.#session);
    socket.off('close', this.#onClose);
    const transport = this.#transport;
    transport.tls = new BackendSession(socket, identity.sni);
    if (this.#plain === undefined) transport.attach(socket);
    else transport.attachPlain(socket);
    transport.delayWriteErrors();
    // The transport keeps what arrives before there is a reader.
    transport.resume();
    this.#end(transport);
  };

  readonly #onError = (error: Error): void => {
    if (this.#isSecure) this.#failedLater(error);
    else if (this.#connected !== undefined) {
      const connected = this.#connected;
      this.destroy();
      connected(error);
    } else this.#fail({ error, certificate: undefined });
  };

  readonly #onClose = (): void => {
    const error = Object.assign(new Error('closed within the handshake'), { code: 'ECONNRESET' });
    this.#fail({ error, certificate: undefined });
  };

  #fail({ error, certificate }: Rejection): void {
    if (this.#isOver) return;
    const { context, identity, address } = this.#task;
    // A session that the backend does not like must not fail the next handshake too.
    context.sessions.delete(this.#serverKey);
    this.#end(handshakeError({ address, identity, error, certificate }));
  }

  #end(outcome: BalanceError | SocketTransport): void {
    const ended = this.#ended;
    if (outcome instanceof BalanceError) this.destroy();
    this.#isOver = true;
    if (ended === undefined) this.#outcome = outcome;
    else if (outcome instanceof BalanceError) ended(outcome);
    else ended(undefined, outcome);
  }

  /**
   * With TLS 1.3 a backend refuses the client certificate after the handshake has ended for this side. The transport's reader gets an
   * error that says so; what was sent never reached the backend's application.
   */
  #failedLater(error: Error): void {
    if (!handshakeReasonOf(error).startsWith('peer_') || handshakeReasonOf(error) === 'peer_left') return;
    const { context, identity, address } = this.#task;
    context.sessions.delete(this.#serverKey);
    this.#transport.destroy(handshakeError({ address, identity, error, certificate: undefined }));
  }
}
